import Foundation
import HostileFiles
import TestSupport
import Testing

/// The fuzzer's seeds, and every input that once broke a reader: each is read, or refused with an error in words.
@Suite struct HostileFileTests {
  @Test(arguments: HostileReader.allCases)
  func keptFilesAreReadOrRefused(_ reader: HostileReader) throws {
    let folder = "\(Paths.root)/Tests/HostileFiles/Kept/\(reader.rawValue)"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names.contains { $0.hasPrefix("seed-") })
    reader.prepare()
    for name in names {
      let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"))
      let time = ContinuousClock().measure { reader.read(Array(bytes)) }
      #expect(time < .seconds(5), "\(name) takes \(time)")
    }
  }

  /// A seed that no reader accepts would leave most of the reader untried.
  @Test func seedsOfAModelAreSound() throws {
    let folder = "\(Paths.root)/Tests/HostileFiles/Kept"
    for (reader, name) in [
      ("gguf", "llama"), ("tokenizer", "byte-level"), ("adapter", "ours"), ("adapter", "calibrated"),
      ("adapter", "crf"), ("model", "llama"), ("head", "probed"), ("recipe", "weights"), ("folds", "one-left"),
    ] {
      let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(reader)/seed-\(name)"))
      let fault = try #require(HostileReader(rawValue: reader)).fault(Array(bytes))
      #expect(fault == nil, "\(reader)/seed-\(name)")
    }
  }
}
