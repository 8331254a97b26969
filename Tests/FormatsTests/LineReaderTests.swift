import Glibc
import Testing

@testable import Formats

private func lines(_ bytes: some Sequence<UInt8>, maximum: Int = LineReader.defaultMaximumLength)
  throws -> [LineReader.Line]
{
  try withDataFile(bytes) { path in
    let reader = try LineReader(path: path, maximumLength: maximum)
    var lines: [LineReader.Line] = []
    while let line = try reader.next() { lines.append(line) }
    return lines
  }
}

private func readAll(_ path: String) throws {
  let reader = try LineReader(path: path, maximumLength: 1000)
  while try reader.next() != nil {}
}

@Suite struct LineReaderTests {
  @Test func endings() throws {
    let read = try lines("one\ntwo\r\n\n\rthree\nfour".utf8)
    #expect(read.map(\.text) == ["one", "two", "", "\rthree", "four"])
    #expect(read.map(\.number) == [1, 2, 3, 4, 5])
    #expect(
      read.map(\.ending)
        == [.lineFeed, .carriageReturnLineFeed, .lineFeed, .lineFeed, .endOfFile])
  }

  @Test func emptyFileHasNoLines() throws {
    #expect(try lines([]).isEmpty)
    #expect(try lines("\n".utf8).map(\.text) == [""])
    #expect(try lines("a\n".utf8).map(\.text) == ["a"])
  }

  @Test func byteOrderMarkIsSkippedOnlyAtTheStart() throws {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let read = try lines(mark + Array("a\n".utf8) + mark + Array("b".utf8))
    #expect(read.map(\.text) == ["a", "\u{FEFF}b"])
  }

  @Test func linesAcrossChunks() throws {
    let long = [UInt8](repeating: 0x61, count: LineReader.chunkSize - 1)
    let exact = try lines(long + [0x0D, 0x0A] + long + [0x61, 0x0A, 0x62])
    #expect(exact.map(\.bytes.count) == [long.count, long.count + 1, 1])
    #expect(exact[0].ending == .carriageReturnLineFeed)
    let euro = Array("€".utf8)
    let split = try lines(long + euro + [0x0A] + long + long + long)
    #expect(split[0].text.hasSuffix("a€"))
    #expect(split[1].bytes.count == 3 * long.count)
  }

  @Test func blankLines() throws {
    #expect(try lines(" \t\r\n\u{A0}\n".utf8).map(\.isBlank) == [true, false])
  }

  @Test(
    arguments: [
      ([0x61, 0x0A, 0x62, 0x00, 0x0A], 2, "a NUL byte"),
      ([0x61, 0x0A, 0x0A, 0xE9, 0x0A], 3, "bytes that are not UTF-8"),
      ([0x61, 0x0A, 0xE2, 0x82], 2, "bytes that are not UTF-8"),
      ([0xC0, 0x80], 1, "bytes that are not UTF-8"),
      ([0xED, 0xA0, 0x80], 1, "bytes that are not UTF-8"),
      ([0xFF, 0xFE, 0x61, 0x00], 1, "a UTF-16 byte order mark"),
      ([0xFE, 0xFF, 0x00, 0x61], 1, "a UTF-16 byte order mark"),
      ([0x61, 0x0A] + [UInt8](repeating: 0x62, count: 1001), 2, "a line longer than 1000 bytes"),
      ([UInt8](repeating: 0x62, count: 300_000), 1, "a line longer than 1000 bytes"),
    ] as [([UInt8], Int, String)])
  func hostileBytes(bytes: [UInt8], line: Int, found: String) throws {
    let error = try fault(bytes, readAll)
    #expect(error?.place == "file:\(line)")
    #expect(error?.found == found)
  }

  @Test func limitIsInclusive() throws {
    let line = [UInt8](repeating: 0x61, count: 1000)
    #expect(try lines([0xEF, 0xBB, 0xBF] + line + [0x0D, 0x0A] + line, maximum: 1000).count == 2)
  }

  @Test func filesThatCannotBeOpened() throws {
    func found(_ path: String) -> String? {
      do {
        try readAll(path)
        return nil
      } catch { return (error as? FormatError)?.found }
    }
    #expect(found("/nonexistent/file.jsonl") == "no such file")
    #expect(found("/tmp") == "a directory")
    #expect(found("") == "no usable file name")
    #expect(found("a\0b") == "no usable file name")
    if geteuid() != 0 {
      try withDataFile("a".utf8) { path in
        chmod(path, 0)
        #expect(found(path) == "no permission to read it")
      }
    }
  }
}
