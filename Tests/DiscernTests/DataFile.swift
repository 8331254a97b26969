import Discern
import Formats
import Glibc
import Testing

/// Calls `body` with the path of a temporary file with that text.
func withDataFile<Result>(
  _ text: String, extension suffix: String, _ body: (String) throws -> Result
) throws -> Result {
  try withDataFile(Array(text.utf8), extension: suffix, body)
}

/// Calls `body` with the path of a temporary file with those bytes.
func withDataFile<Result>(
  _ bytes: [UInt8], extension suffix: String, _ body: (String) throws -> Result
) throws -> Result {
  var name = Array("/tmp/discern-XXXXXX.\(suffix)".utf8CString)
  let descriptor = mkstemps(&name, Int32(suffix.utf8.count + 1))
  try #require(descriptor >= 0)
  let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { unlink(path) }
  let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  try #require(written == bytes.count)
  close(descriptor)
  return try body(path)
}

/// Reads a data set from that text.
func dataset(
  _ text: String, _ suffix: String, _ task: Dataset.Task, columns: DatasetColumns = .init(),
  labelled: Bool = true, scheme: TagScheme? = nil
) throws -> Dataset {
  try withDataFile(text, extension: suffix) {
    try Dataset.read($0, task: task, columns: columns, labelled: labelled, scheme: scheme)
  }
}

/// The error that `body` throws; its place without folder and file name.
func fault(_ body: () throws -> Void) -> FormatError? {
  do {
    try body()
    return nil
  } catch var error as FormatError {
    if error.place.hasPrefix("/tmp/discern-") {
      let file = error.place.split(separator: "/").last!
      error.place = "file" + file.drop { $0 != ":" }
    }
    return error
  } catch {
    Issue.record("\(error)")
    return nil
  }
}

/// The tags of an example.
func tags(_ example: Example) -> [String] {
  if case .tags(let tags) = example.label { tags } else { [] }
}
