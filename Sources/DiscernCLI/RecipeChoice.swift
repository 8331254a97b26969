import ArgumentParser
import Discern
import Formats

/// Where a recipe starts: task, attention, preset and file.
struct RecipeChoice: ParsableArguments {
  @Option(help: RecipeOptions.help("task"))
  var task: String?
  @Option(help: RecipeOptions.help("attention", "pattern"))
  var attention: String?
  @Option(
    help: ArgumentHelp(
      "Settings to start from: default, or paper for those of LS-LLaMA's code.", valueName: "name"))
  var preset: String?
  @Option(
    help: ArgumentHelp(
      "YAML file of settings, named as below with _ for -, and preset.", valueName: "file"))
  var recipe: String?

  /// The options that were given.
  var chosen: [(name: String, value: String)] {
    let all: [(String, String?)] = [("task", task), ("attention", attention), ("preset", preset), ("recipe", recipe)]
    return all.compactMap { name, value in value.map { (name, $0) } }
  }

  /// Preset, file and options together. A wrong option is wrong usage, a wrong line of the file a wrong configuration.
  func recipe(with options: RecipeOptions, verb: String = "train") throws -> Recipe {
    let file = try recipe.map(Self.read)
    let chosen = chosen.filter { $0.name != "recipe" }
    return try Self.recipe((chosen + options.chosen).map { ($0.name, $0.value) }, from: file, verb: verb)
  }

  /// The recipe of options that were given (nil: was not), over a file. A wrong option is wrong usage of the verb.
  static func recipe(
    _ options: [(String, String?)], from file: RecipeFile? = nil, verb: String
  ) throws -> Recipe {
    do {
      return try Recipe.resolved(
        file: file, chosen: options.compactMap { name, value in value.map { (name: name, value: $0) } })
    } catch let error as DiscernError {
      throw WrongUsage(verb: verb, message: message(error))
    }
  }

  /// The fault with the setting's name in front as it is typed.
  static func message(_ error: DiscernError) -> String {
    let name = error.description.prefix { $0 != ":" }
    return "--" + name.map { $0 == "_" ? "-" : String($0) }.joined() + error.description.dropFirst(name.count)
  }

  private static func read(_ path: String) throws -> RecipeFile {
    let file = try MappedFile(path)
    guard let text = file.withBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw FormatError(
        path, found: "bytes that are not UTF-8", expected: "a YAML file", kind: .configuration)
    }
    return try RecipeFile(yaml: text, name: path)
  }
}
