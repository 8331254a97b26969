import Discern
import Formats
import Foundation
import TestSupport

/// A reader of files from outside, to be given any bytes whatever.
///
/// Input of a reader of several files is these files in a fixed order, with `separator` between them.
public enum HostileReader: String, CaseIterable, Sendable {
  case safetensors, index, gguf, tokenizer, text, config, adapter, model, head
  case csv, jsonl, gzip, spans, conll, conllu, parquet, columns, check, recipe
  case checkpoint, run, folds

  /// What stands between the files of one input.
  public static let separator = Array("\n====\n".utf8)

  /// Does once what reading does not need anew: tables that are made at first use, and models at hand.
  public func prepare() { _ = HostileFixtures.shared }

  /// Reads the input as its files; traps unless that succeeds or throws an error fit for people.
  public func read(_ input: [UInt8]) { _ = fault(input) }

  /// The same, with the message of the error that reading ends with; nil where the input is sound.
  public func fault(_ input: [UInt8]) -> String? {
    let files = HostileFolder.shared
    files.lock.lock()
    defer { files.lock.unlock() }
    do {
      switch self {
      case .safetensors: try readSafetensors(files.write(input, "x.safetensors"))
      case .index: try readIndex(input, files)
      case .gguf: try readGGUF(files.write(input, "x.gguf"))
      case .tokenizer: try readTokenizer(input)
      case .text: readText(input)
      case .config:
        let json = try JSON(contentsOf: files.write(input, "config.json"), limit: 1 << 24)
        _ = try ModelConfiguration(config: json, name: "config.json")
      case .adapter: try readAdapter(input, files)
      case .model: try readModel(input, files)
      case .head: _ = try WarmStart(files.write(input, "head.json"))
      case .csv: try readData(files.write(input, "x.csv"), [.csv, .tsv])
      case .jsonl: try readData(files.write(input, "x.jsonl"), [.jsonLines])
      case .gzip: try readGzip(input, files)
      case .spans:
        for format in ["jsonl", "json"] {
          let path = files.write(input, "x.\(format)")
          for labelled in [true, false] {
            attempt { try use(Dataset.read(path, task: .tokens, labelled: labelled), folder: files.path) }
          }
        }
      case .conll: try readData(files.write(input, "x.conll"), [.conll, .lines])
      case .conllu: try readData(files.write(input, "x.conllu"), [.conllu])
      case .parquet: try readData(files.write(input, "x.parquet"), [.parquet])
      case .columns: readColumns(input, files)
      case .check: readForCheck(input, files)
      case .recipe: try readRecipe(input)
      case .checkpoint: try readCheckpoint(input, files)
      case .run: try readRun(input, files)
      case .folds: try readFolds(input, files)
      }
      return nil
    } catch {
      check(error)
      return "\(error)"
    }
  }

  /// Traps where an error is not one of ours, or is not fit for a terminal.
  func check(_ error: any Error) {
    precondition(error is FormatError || error is DiscernError, "another error: \(error)")
    let message = "\(error)"
    precondition(message.utf8.count <= 4096, "a message of \(message.utf8.count) bytes")
    let isPlain = message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    precondition(isPlain, "a message with control characters: \(message.debugDescription)")
  }

  /// Runs one of several steps, each of which may fail by itself.
  func attempt(_ body: () throws -> Void) {
    do { try body() } catch { check(error) }
  }

  /// The input's files; a last one that is missing is nil.
  func parts(_ input: [UInt8]) -> [[UInt8]] {
    var parts: [[UInt8]] = [[]]
    var position = 0
    while position < input.count {
      if input[position...].starts(with: Self.separator) {
        parts.append([])
        position += Self.separator.count
      } else {
        parts[parts.count - 1].append(input[position])
        position += 1
      }
    }
    return parts
  }
}
