import Formats
import Glibc
import Testing

/// Calls `body` with the path of a temporary file with those bytes.
func withDataFile<Result>(
  _ bytes: some Sequence<UInt8>, extension suffix: String = "txt",
  _ body: (String) throws -> Result
) throws -> Result {
  var name = Array("/tmp/discern-XXXXXX.\(suffix)".utf8CString)
  let descriptor = mkstemps(&name, Int32(suffix.utf8.count + 1))
  try #require(descriptor >= 0)
  let path = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer { unlink(path) }
  var rest = Array(bytes)[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    try #require(count > 0)
    rest = rest.dropFirst(count)
  }
  close(descriptor)
  return try body(path)
}

/// The error that reading a file with those bytes throws; its place without the folder.
func fault(_ bytes: some Sequence<UInt8>, _ read: (String) throws -> Void) throws -> FormatError? {
  try withDataFile(bytes) { path in
    do {
      try read(path)
      return nil
    } catch let error as FormatError {
      var error = error
      error.place = "file" + error.place.dropFirst(path.count)
      return error
    }
  }
}
