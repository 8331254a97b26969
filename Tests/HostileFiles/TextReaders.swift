import CZlib
import Discern
import Formats

extension HostileReader {
  /// `tokenizer.json`, `tokenizer_config.json`.
  func readTokenizer(_ input: [UInt8]) throws {
    let parts = parts(input)
    let json = try JSON(parsing: parts[0], name: "tokenizer.json")
    let options = parts.count > 1 ? try JSON(parsing: parts[1], name: "tokenizer_config.json") : nil
    use(try Tokenizer(json: json, name: "tokenizer.json", configuration: options))
  }

  /// Tokenizes some texts and turns the tokens back.
  func use(_ tokenizer: Tokenizer) {
    let texts = [
      "", " ", "The  cat's 1234 mats\n\n<s> ▁x", "Ünïcödé e\u{301}\u{327}\u{AC00}\u{11A8} 🙂",
      String(repeating: "ab ", count: 500), String(repeating: "a", count: 2000),
    ]
    for text in texts { encode(text, tokenizer) }
    encode(words: ["", "The", " cat", "é"], tokenizer)
    for id in 0..<min(300, tokenizer.vocabularySize) {
      _ = tokenizer.bytes(of: Int32(id))
      _ = tokenizer.token(of: Int32(id)).map { tokenizer.id(of: $0) }
    }
  }

  /// The first byte chooses the tokenizer, the rest is the text.
  func readText(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let tokenizers = HostileFixtures.shared.tokenizers
    let tokenizer = tokenizers[Int(first) % tokenizers.count]
    let text = String(decoding: input.dropFirst(), as: UTF8.self)
    encode(text, tokenizer)
    encode(words: text.split(separator: " ", omittingEmptySubsequences: false).map(String.init), tokenizer)
    _ = WordSplitter.words(in: text)
  }

  private func encode(_ text: String, _ tokenizer: Tokenizer) {
    let tokens = tokenizer.encode(text).tokens
    check(tokens, text, tokenizer)
    _ = tokenizer.decode(tokens.map(\.id))
  }

  private func encode(words: [String], _ tokenizer: Tokenizer) {
    for prefixSpace in [true, false] {
      let encoding = tokenizer.encode(words: words, prefixSpace: prefixSpace)
      precondition(encoding.tokens.count == encoding.words.count)
      for (token, word) in zip(encoding.tokens, encoding.words) where word >= 0 {
        check([token], words[Int(word)], tokenizer)
      }
    }
  }

  private func check(_ tokens: [Token], _ text: String, _ tokenizer: Tokenizer) {
    let (bytes, scalars) = (text.utf8.count, text.unicodeScalars.count)
    for token in tokens {
      precondition((0..<tokenizer.vocabularySize).contains(Int(token.id)), "an id beyond the vocabulary")
      precondition(token.bytes.upperBound <= bytes, "a token beyond the text's bytes")
      precondition(token.characters.upperBound <= scalars, "a token beyond the text's characters")
    }
  }

  func readData(_ path: String, _ formats: [DatasetFormat]) throws {
    for format in formats {
      for task in Dataset.Task.allCases {
        for labelled in [true, false] {
          attempt { _ = try Dataset.read(path, format: format, task: task, labelled: labelled) }
        }
      }
    }
  }

  /// Two files as one data set, whose columns are named and whose tags have a scheme.
  func readColumns(_ input: [UInt8], _ folder: HostileFolder) {
    let files = parts(input).prefix(2)
    var columns = DatasetColumns()
    (columns.pair, columns.tokenIndex, columns.tagIndex) = ("pair", 1, 0)
    for (format, task) in [(DatasetFormat.csv, Dataset.Task.multiLabel), (.jsonLines, .regression), (.conll, .tokens)] {
      columns.labels = task == .tokens ? [] : ["a", "b"]
      let paths = files.enumerated().map { folder.write($1, "\($0).\(format.rawValue)") }
      attempt {
        let scheme: TagScheme? = task == .tokens ? .bioes : nil
        let data = try Dataset.read(paths, format: format, task: task, columns: columns, scheme: scheme)
        try use(data, folder: folder.path)
      }
    }
    columns = DatasetColumns()
    columns.known = ["a", "b"]
    let path = folder.write(input, "x.csv")
    for task in [Dataset.Task.multiLabel, .regression] {
      attempt { try use(Dataset.read(path, task: task, columns: columns), folder: folder.path) }
    }
    for tag in ["upos", "misc:Entity", "feats:Case"] {
      columns.tags = tag
      attempt { _ = try Dataset.read(folder.write(input, "x.conllu"), task: .tokens, columns: columns) }
    }
  }

  /// Splits data that were read, and writes the parts.
  func use(_ data: Dataset, folder: String) throws {
    let record = try SplitRecord(data, names: ["one", "two"], shares: [0.5, 0.5], seed: 1)
    try record.write(to: "\(folder)/split", overwrite: true)
  }

  /// Data as `discern check` looks at them: rows that cannot be read are counted.
  func readForCheck(_ input: [UInt8], _ folder: HostileFolder) {
    let kinds = [(DatasetFormat.csv, Dataset.Task.sequence), (.jsonLines, .multiLabel), (.conll, .tokens)]
    for (format, task) in kinds {
      let path = folder.write(input, "x.\(format.rawValue)")
      attempt {
        var options = DataCheck.Options()
        (options.format, options.threads, options.maxLength) = (format, 1, 8)
        if task == .sequence { options.tokenizer = HostileFixtures.shared.tokenizers[0] }
        var check = DataCheck(task: task, options: options)
        try check.read([path], as: .train)
        try check.read([path], as: .test, labelled: false)
        precondition(!check.report().json.serialized().isEmpty)
      }
    }
  }

  /// The input as it is, and then each of its parts as a sound member, so that what lies behind the checksums is reached:
  /// as it stands, and a hundred times in a row and packed.
  func readGzip(_ input: [UInt8], _ folder: HostileFolder) throws {
    let parts = parts(input)
    let repeated = repeatElement(parts[0].prefix(1 << 12), count: 100).flatMap { $0 }
    for bytes in [input, parts.flatMap(Self.packed), Self.deflated(repeated)] {
      let path = folder.write(bytes, "x.gz")
      for format in [DatasetFormat.jsonLines, .csv, .conll, .lines] {
        let task = format == .csv ? Dataset.Task.sequence : .tokens
        attempt { _ = try Dataset.read(path, format: format, task: task, labelled: format != .lines) }
      }
    }
  }

  /// A member of a gzip file that holds the bytes packed.
  private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var packed = [UInt8](repeating: 0, count: 1024 + bytes.count + bytes.count / 100)
    var stream = z_stream()
    let size = Int32(MemoryLayout<z_stream>.size)
    precondition(
      deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size) == Z_OK, "zlib works")
    return bytes.withUnsafeMutableBufferPointer { bytes in
      packed.withUnsafeMutableBufferPointer { packed in
        (stream.next_in, stream.avail_in) = (bytes.baseAddress, UInt32(bytes.count))
        (stream.next_out, stream.avail_out) = (packed.baseAddress, UInt32(packed.count))
        precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "there is room for all")
        deflateEnd(&stream)
        return Array(packed.prefix(Int(stream.total_out)))
      }
    }
  }

  /// A member of a gzip file that holds the bytes unpacked, in blocks of at most 1000.
  private static func packed(_ bytes: [UInt8]) -> [UInt8] {
    func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    var member: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    for start in stride(from: 0, through: bytes.count, by: 1000) {
      let block = bytes[start..<min(start + 1000, bytes.count)]
      let count = UInt16(block.count)
      member += [start + 1000 > bytes.count ? 1 : 0] + littleEndian(count) + littleEndian(~count) + block
    }
    return member + littleEndian(UInt32(crc32(0, bytes, UInt32(bytes.count)))) + littleEndian(UInt32(bytes.count))
  }

  func readRecipe(_ input: [UInt8]) throws {
    guard let text = String(validating: input, as: UTF8.self) else { return }
    _ = try Recipe.resolved(file: RecipeFile(yaml: text, name: "recipe.yaml"))
  }
}
