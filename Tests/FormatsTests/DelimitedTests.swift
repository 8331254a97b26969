import Testing

@testable import Formats

private struct Table: Equatable {
  var header: [String]
  var rows: [[String]] = []
  var lines: [Int] = []
  var blank = 0
}

private func table(_ text: String, _ separator: Delimited.Separator = .comma) throws -> Table {
  try withDataFile(text.utf8) { path in
    let file = try Delimited(LineReader(path: path), separator: separator)
    var table = Table(header: file.header)
    while let row = try file.next() {
      table.rows.append(row.fields)
      table.lines.append(row.line)
    }
    table.blank = file.blankLines
    return table
  }
}

private func readAll(_ path: String) throws {
  let file = try Delimited(LineReader(path: path, maximumLength: 1000), separator: .comma)
  while try file.next() != nil {}
}

@Suite struct DelimitedTests {
  @Test func plainFields() throws {
    let read = try table("text,label\nhello world,a\n,\n é ,b\r\nlast,c")
    #expect(read.header == ["text", "label"])
    #expect(read.rows == [["hello world", "a"], ["", ""], [" é ", "b"], ["last", "c"]])
    #expect(read.lines == [2, 3, 4, 5])
  }

  @Test func quotedFields() throws {
    let read = try table(
      "\"text\",label\n\"a, b\",x\n\"say \"\"hi\"\"\",\"\"\n\"\"\"\"\"\",y\n\"\",\"z\"\n")
    #expect(read.header == ["text", "label"])
    #expect(read.rows == [["a, b", "x"], ["say \"hi\"", ""], ["\"\"", "y"], ["", "z"]])
  }

  @Test func lineBreaksInFieldsAreKept() throws {
    let read = try table("text,label\r\n\"one\ntwo\r\n\r\nthree\",x\r\n\nfour,\"\n\"\nfive,y\n")
    #expect(read.rows == [["one\ntwo\r\n\r\nthree", "x"], ["four", "\n"], ["five", "y"]])
    #expect(read.lines == [2, 7, 9])
    #expect(read.blank == 1)
  }

  @Test func tabs() throws {
    let read = try table("text\tlabel\na, b\tx\n\"c\td\"\ty\n", .tab)
    #expect(read.rows == [["a, b", "x"], ["c\td", "y"]])
  }

  @Test func oneColumn() throws {
    #expect(try table("text\na\n\n\"\"\nb").rows == [["a"], [""], ["b"]])
  }

  @Test(arguments: [
    ("", "file", "no rows"),
    ("\n\n", "file", "no rows"),
    ("a,b\nx,y\n\"z,w\nv,u\n", "file:3", "a quote that is never closed"),
    ("a,b\n\"x\n\ny", "file:2", "a quote that is never closed"),
    ("a,b\nx,\"", "file:2", "a quote that is never closed"),
    ("a,b\n1,\"2\n3\",4\n", "file:2", "3 fields"),
    ("a,b\nx,y z\"w\"\n", "file:2", "a quote inside an unquoted field"),
    ("a,b\n\"x\n\"y,z\n", "file:3", "text after the closing quote of a field"),
    ("a,b\n\"x\" ,z\n", "file:2", "text after the closing quote of a field"),
    ("a,b\nx,y\nx\n", "file:3", "1 field"),
    ("a,b\nx,y,\n", "file:2", "3 fields"),
    ("a,b\n\"x\n1\",y\nz\n", "file:4", "1 field"),
    ("a,a\nx,y\n", "file:1", "the column name \"a\" twice"),
    ("a,,b\nx,y,z\n", "file:1", "no name for column 2 in the header"),
    ("\n\na, \nx,y\n", "file:3", "no name for column 2 in the header"),
    ("a,b\rx,y\r", "file:1", "a carriage return inside an unquoted field"),
  ])
  func hostileTables(text: String, place: String, found: String) throws {
    let error = try fault(text.utf8, readAll)
    #expect(error?.place == place)
    #expect(error?.found == found)
  }

  @Test func anOpenQuoteDoesNotSwallowTheFile() throws {
    let error = try fault(
      ("a,b\n\"x,y\n" + String(repeating: "more,rows\n", count: 500)).utf8, readAll)
    #expect(error?.place == "file:2")
    #expect(error?.expected == "a closing quote within 1000 bytes")
  }
}
