import Formats
import Yams

/// A recipe as a file holds it: names and values, not yet applied to anything.
public struct RecipeFile: Sendable {
  /// The file's name for messages.
  public let name: String
  private let entries: [(name: String, value: String, place: String)]

  /// Reads a YAML mapping from names to values or lists of values.
  ///
  /// Throws a `FormatError` for anything else; whether the names are settings is seen when it is applied.
  public init(yaml text: String, name file: String) throws {
    name = file
    try RecipeText.check(text, name: file)
    let node: Node?
    do {
      node = try Yams.compose(yaml: text)
    } catch {
      let lines = "\(error)".split(whereSeparator: \.isNewline).map(\.trimmingSpaces)
      throw FormatError(
        file, found: lines.joined(separator: " "), expected: "YAML", kind: .configuration)
    }
    guard let node else {
      entries = []
      return
    }
    guard let mapping = node.mapping else {
      throw FormatError(
        Self.place(file, node), found: "no mapping", expected: "lines of `setting: value`",
        kind: .configuration)
    }
    entries = try mapping.map { key, value in
      let place = Self.place(file, key)
      let name = key.string ?? ""
      guard let text = Self.text(value) else {
        throw FormatError(
          place, found: "no value as \(quoted(name))",
          expected: "a value or a list of values, or names with a finite number each",
          kind: .configuration)
      }
      return (name, text, place)
    }
  }

  /// The value of a name, as text.
  public subscript(_ name: String) -> String? { entries.first { $0.name == name }?.value }

  /// Applies every setting but `preset` to a recipe; throws a `FormatError` with file and line for an unknown name or
  /// a wrong value.
  public func apply(to recipe: inout Recipe) throws {
    for entry in entries where entry.name != "preset" {
      try located(entry.name) { try recipe.set(entry.name, entry.value) }
    }
  }

  /// Runs `body`; a fault of settings gets the file and line of `name`.
  func located<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as DiscernError {
      let place = entries.first { $0.name == name }?.place ?? self.name
      throw FormatError(
        place, found: "the setting \(quoted(name))", expected: "\(error)", kind: .configuration)
    }
  }

  private static func text(_ node: Node) -> String? {
    if let scalar = node.scalar { return scalar.string }
    if let mapping = node.mapping { return object(mapping) }
    guard let sequence = node.sequence else { return nil }
    let texts = sequence.map { $0.scalar?.string }
    return texts.contains(nil) ? nil : texts.compactMap { $0 }.joined(separator: ",")
  }

  /// A mapping from names to numbers as a JSON object: the weights of labels.
  private static func object(_ mapping: Node.Mapping) -> String? {
    var object = JSONObject()
    for (key, value) in mapping {
      guard let name = key.string, object[name] == nil, let number = value.float, number.isFinite else { return nil }
      object[name] = .number(number)
    }
    return JSON.object(object).serialized()
  }

  private static func place(_ file: String, _ node: Node) -> String {
    node.mark.map { "\(file):\($0.line)" } ?? file
  }
}

extension Recipe {
  /// The recipe of a run: a preset for its task and attention, over that the settings of a file, over these the `chosen`
  /// ones.
  ///
  /// Task, attention and preset (`preset: paper`) are looked for in the chosen settings first, then in the file. A
  /// wrong choice throws a `DiscernError`, a wrong line of the file a `FormatError`.
  public static func resolved(
    file: RecipeFile? = nil, chosen: [(name: String, value: String)] = []
  ) throws -> Recipe {
    func read<Value>(_ name: String, _ read: (String) throws -> Value) throws -> Value? {
      if let value = chosen.last(where: { $0.name == name })?.value { return try read(value) }
      guard let file, let value = file[name] else { return nil }
      return try file.located(name) { try read(value) }
    }
    let task = try read("task") { value in
      var recipe = Recipe()
      try recipe.set("task", value)
      return recipe.task
    }
    let attention = try read("attention") { try AttentionPattern($0) }
    func preset(_ name: String) throws -> Recipe {
      try Recipe.preset(name, task: task ?? .sequence, attention: attention)
    }
    var recipe = try read("preset", preset) ?? preset("default")
    try file?.apply(to: &recipe)
    for (name, value) in chosen where name != "preset" { try recipe.set(name, value) }
    return recipe
  }

  /// The recipe as a YAML file, each setting with what it means.
  public var yaml: String {
    Recipe.settings.map { setting in
      "# \(setting.help)\n\(setting.name): \(RecipeText.scalar(setting.text(self)))\n"
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
          file, found: "\(member.value.kind) for the setting \(quoted(member.key.text))", expected: "a string")
      }
      try set(member.key.text, text)
    }
  }
}
