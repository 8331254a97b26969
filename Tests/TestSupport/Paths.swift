import Foundation

/// Where tests find files: the package's own, and big references that may be absent.
public enum Paths {
  /// The package's root folder.
  public static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// A file or folder of `Tests/Fixtures`.
  public static func fixture(_ name: String) -> String { root + "/Tests/Fixtures/" + name }

  /// A file or folder of the shared references, or `nil` where they are absent.
  public static func shared(_ name: String) -> String? {
    let folder = ProcessInfo.processInfo.environment["DISCERN_SHARED"] ?? root + "/../shared"
    let path = folder + "/" + name
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The real SmolLM2-135M as `Scripts/get-smollm2` fetches it, or `nil` where it is absent.
  public static var smolLM2: String? {
    let path =
      ProcessInfo.processInfo.environment["DISCERN_SMOLLM2"]
      ?? root + "/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// Every folder with a `case.json` below the folders of DISCERN_GOLDENS, or below the package's own and the shared ones.
  public static var goldenCases: [String] {
    let environment = ProcessInfo.processInfo.environment["DISCERN_GOLDENS"]
    let folders =
      environment?.split(separator: ":").map(String.init)
      ?? [fixture("goldens"), shared("goldens")].compactMap { $0 }
    return folders.flatMap(cases(below:))
  }

  private static func cases(below folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    if names.contains("case.json") { return [folder] }
    return names.sorted().flatMap { cases(below: folder + "/" + $0) }
  }
}
