import Testing

@testable import Formats

/// Small Parquet files that stand for much: refused where memory or work would be out of proportion, and read else.
@Suite struct ParquetUnfoldingTests {
  private typealias Builder = ParquetBuilder

  private func letters(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: "a"), count: count) }

  /// Reads all rows; answers how many, or the error.
  private func read(_ bytes: [UInt8], _ prepare: (Parquet) -> Void = { _ in }) throws -> String {
    try withDataFile(bytes, extension: "parquet") { path in
      do {
        let file = try Parquet(path: path)
        prepare(file)
        var rows = 0
        while try file.next() != nil { rows += 1 }
        return "\(rows) rows"
      } catch { return "\(error)" }
    }
  }

  @Test func aLongTextIsNotHandedOutTooOften() throws {
    let builder = Builder(columns: [("text", Builder.repeated([letters(1 << 20)], 1000))], groups: [1000])
    let text = try read(builder.bytes)
    #expect(builder.bytes.count < 4000 && text.contains("more than"), "\(builder.bytes.count)")
    #expect(text.contains("bytes of texts; expected at most as many in a Parquet file of this size"), "\(text)")
  }

  @Test func pagesOfManyColumnsAreNotHeldAtOnce() throws {
    let pages = Builder.page(
      Builder.levels(1) + Builder.plain([letters(6 << 20)]), values: 1, encoding: 0)
    let builder = Builder(columns: (0..<8).map { ("c\($0)", pages) }, groups: [1])
    let text = try read(builder.bytes)
    #expect(text.contains("unpacked bytes at once; expected at most as many"), "\(text)")
    // A column that is not read is not unpacked.
    #expect(try read(builder.bytes) { $0.select(["c3", "c7"]) } == "1 rows")
  }

  @Test func groupsThatShareAPageAreNotUnpackedForEver() throws {
    let text = Builder.plain([letters(2 << 20)])
    let pages = Builder.page(Builder.levels(1) + text, values: 1, encoding: 0)
    let builder = Builder(columns: [("text", pages)], groups: [Int](repeating: 1, count: 400))
    let time = try ContinuousClock().measure {
      let text = try read(builder.bytes)
      #expect(text.contains("more than") && text.contains("bytes"), "\(text)")
    }
    #expect(time < .seconds(2), "\(time)")
    // Pages without values too, one after another, in each group again before the one that has some.
    let empty = Builder.page(Builder.levels(0), values: 0, encoding: 0)
    let many =
      Array(repeatElement(empty, count: 20_000).joined())
      + Builder.page(
        Builder.levels(1) + Builder.plain([letters(1)]), values: 1, encoding: 0)
    #expect(try read(Builder(columns: [("text", many)], groups: [1, 1]).bytes) == "2 rows")
    let others = try read(Builder(columns: [("text", many)], groups: [Int](repeating: 1, count: 400)).bytes)
    #expect(others.contains("unpacked bytes; expected at most as many"), "\(others)")
  }

  @Test func rowsAreBoundedByTheFile() throws {
    func rows(_ count: Int) throws -> String {
      try read(Builder(columns: [("text", Builder.repeated([letters(1)], count))], groups: [count]).bytes)
    }
    #expect(try rows(1_000_000) == "1000000 rows")
    #expect(try rows(1_100_000).contains("rows; expected at most as many in a Parquet file of this size"))
  }

  @Test func limitsGrowWithTheFile() throws {
    let (small, large) = (ParquetBudget(fileSize: 1000), ParquetBudget(fileSize: 1 << 30))
    #expect(small.heldLimit < 17 << 20 && large.heldLimit > 4 << 30)
    #expect(small.unpackedLimit < 33 << 20 && large.textLimit > 64 << 30)
    for _ in 0..<ParquetBudget.rowEntryLimit { try small.takeEntry(place: "x") }
    #expect(throws: FormatError.self) { try small.takeEntry(place: "x") }
    small.startRow()
    try small.takeEntry(place: "x")
    #expect(throws: FormatError.self) { try small.take(rows: .max, place: "x") }
  }

  // MARK: Honest files

  /// Labels in a dictionary, and texts that differ, in many pages: as `datasets` writes them.
  @Test func labelsRepeatAndTextsPackWell() throws {
    let count = 300_000
    var pages: [UInt8] = []
    for start in stride(from: 0, to: count, by: 10_000) {
      let texts = (start..<start + 10_000).map { Array("This is the text of the row with the number \($0).".utf8) }
      pages += Builder.page(Builder.levels(10_000) + Builder.plain(texts), values: 10_000, encoding: 0)
    }
    let label = Builder.repeated([Array("a label of some length".utf8), Array("b".utf8)], count)
    let builder = Builder(columns: [("text", pages), ("label", label)], groups: [count])
    #expect(builder.bytes.count < 4 << 20)
    #expect(try read(builder.bytes) == "300000 rows")
  }

  /// Dictionaries of more than a few values stay as they lie in their page.
  @Test(arguments: [3, 256, 257, 5000])
  func valuesOfDictionariesComeByPosition(count: Int) throws {
    let texts = (0..<count).map { Array("text \($0)".utf8) + letters($0 % 70) }
    // Packed in 16 bits each, eight at a time.
    let positions = (0..<2048).map { $0 * 7 % count }
    let packed = Builder.varint((2048 / 8) << 1 | 1) + positions.flatMap { [UInt8](UInt16($0)) }
    let pages =
      Builder.page(Builder.plain(texts), values: count, encoding: 0, isDictionary: true)
      + Builder.page(Builder.levels(2048) + [16] + packed, values: 2048, encoding: 8)
    try withDataFile(Builder(columns: [("text", pages)], groups: [2048]).bytes) { path in
      let file = try Parquet(path: path)
      for position in positions {
        let row = try #require(try file.next())
        #expect(row.object["text"]?.string == String(decoding: texts[position], as: UTF8.self))
      }
      #expect(try file.next() == nil)
    }
  }

  @Test func selectedColumnsComeAlone() throws {
    let file = try Parquet(path: "\(ParquetTests.folder)/snappy-v2.parquet")
    let all = file.columns
    file.select([all[1], "no such column", all[0]])
    #expect(try file.next()?.object.keys == [all[0], all[1]])
    #expect(file.columns == all)
  }

  // MARK: Footers

  @Test func chunksAreCountedAsTheyAreRead() throws {
    let builder = Builder(columns: [("text", [])])
    // 300,000 chunks without a word, and then a type that there is not.
    let chunks = [0xF9, 0xFC] as [UInt8] + Builder.varint(300_000) + [UInt8](repeating: 0, count: 299_999) + [0xFF]
    let group = Builder.fields([(1, 9, Array(chunks.dropFirst()))])
    let text = try read(Array("PAR1".utf8) + builder.ending(Builder.list(12, [group])))
    #expect(text.contains("more than 262144 column chunks"), "\(text)")
  }

  @Test func pathsAreShort() throws {
    func groups(_ names: Int) -> [UInt8] {
      let path = Builder.list(8, [[UInt8]](repeating: [0], count: names))
      let chunk = Builder.fields([(3, 12, Builder.fields([(3, 9, path)]))])
      return Builder.list(12, [Builder.fields([(1, 9, Builder.list(12, [chunk])), (3, 6, [0])])])
    }
    let builder = Builder(columns: [("text", [])])
    #expect(try read(Array("PAR1".utf8) + builder.ending(groups(64))) == "0 rows")
    let text = try read(Array("PAR1".utf8) + builder.ending(groups(65)))
    #expect(text.contains("more than 64 names in the path of a column"), "\(text)")
  }
}
