import Formats
import Yams

extension Recipe {
  /// Applies the settings of a YAML file (a mapping from names to values) to this recipe.
  ///
  /// Throws a `FormatError` with file and line for an unknown name, a wrong value or anything that is not a mapping.
  public mutating func apply(yaml text: String, name file: String) throws {
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      throw FormatError(file, found: "\(error)", expected: "YAML")
    }
    guard let node else { return }
    guard let mapping = node.mapping else {
      throw FormatError(
        Recipe.place(file, node), found: "no mapping", expected: "lines of `setting: value`")
    }
    for (key, value) in mapping {
      let name = key.string ?? ""
      do {
        try set(name, try Recipe.text(value))
      } catch let error as DiscernError {
        throw FormatError(
          Recipe.place(file, key), found: "the setting `\(name)`", expected: "\(error)")
      }
    }
  }

  private static func text(_ node: Node) throws -> String {
    if let scalar = node.scalar { return scalar.string }
    if let sequence = node.sequence {
      return try sequence.map { try text($0) }.joined(separator: ",")
    }
    throw DiscernError(.configuration, "expected a value or a list of values, not a mapping")
  }

  private static func place(_ file: String, _ node: Node) -> String {
    node.mark.map { "\(file):\($0.line)" } ?? file
  }

  /// The recipe as a YAML file, each setting with what it means.
  public var yaml: String {
    Recipe.settings.map { setting in
      "# \(setting.help)\n\(setting.name): \(setting.text(self))\n"
    }.joined()
  }

  /// The recipe as a JSON object of texts and numbers, for `discern.json`.
  public var json: JSON {
    var object = JSONObject()
    for setting in Recipe.settings { object[setting.name] = JSON(setting.text(self)) }
    return .object(object)
  }

  /// Reads what `json` wrote; settings that are not there keep their defaults.
  public init(json: JSON, name file: String) throws {
    self.init()
    for member in json.object?.members ?? [] {
      guard let text = member.value.string else {
        throw FormatError(
          file, found: "\(member.value.kind) for the setting \(member.key)", expected: "a string")
      }
      try set(member.key.text, text)
    }
  }
}
