import CZlib

/// Unpacks gzip data piece by piece: any number of members, zeros between and behind them.
///
/// Headers, checksums and lengths are checked; data that breaks off is an error.
final class Gunzip {
  private let name: String
  // zlib keeps the address, so the state must not move.
  private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
  private var input: [UInt8]
  private var position = 0
  private var filled: Int
  private var isInMember = true
  private var taken = 0
  private var made = 0

  /// The two bytes with which gzip data starts; no text in UTF-8 does.
  static let magic: [UInt8] = [0x1F, 0x8B]
  /// How many bytes may come out of one, beyond those that may in any case; texts have a tenth of it.
  static let ratioLimit = 64
  static let freeSize = 32 << 20

  /// Starts with a buffer whose first `filled` bytes are the first of the data; `name` is for messages.
  init(_ buffer: [UInt8], filled: Int, name: String) {
    self.name = name
    input = buffer
    self.filled = filled
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, size)
    precondition(status == Z_OK, "zlib refuses to start: \(status)")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Whether there are bytes that can be unpacked without reading more.
  var hasInput: Bool { position < filled }

  /// Fills `buffer` from its start, reading more with `fill`; the count is 0 at the end of the data only.
  func read(into buffer: inout [UInt8], fill: (inout [UInt8]) throws -> Int) throws -> Int {
    while true {
      if position == filled {
        filled = try fill(&input)
        position = 0
        if filled == 0 {
          guard isInMember else { return 0 }
          throw FormatError(
            name, found: "gzip data that breaks off", expected: "a whole gzip file",
            remedy: "The download or the copy may have been interrupted; fetch the file again.")
        }
      }
      if !isInMember {
        while position < filled, input[position] == 0 { position += 1 }
        if position == filled { continue }
        inflateReset(stream)
        isInMember = true
      }
      let count = try inflate(into: &buffer)
      if count > 0 { return count }
    }
  }

  private func inflate(into buffer: inout [UInt8]) throws -> Int {
    let (status, taken, made) = input.withUnsafeMutableBufferPointer { input in
      buffer.withUnsafeMutableBufferPointer { output in
        stream.pointee.next_in = input.baseAddress! + position
        stream.pointee.avail_in = UInt32(min(filled - position, 1 << 30))
        stream.pointee.next_out = output.baseAddress!
        stream.pointee.avail_out = UInt32(min(output.count, 1 << 30))
        let status = CZlib.inflate(stream, Z_NO_FLUSH)
        return (
          status, stream.pointee.next_in - UnsafeMutablePointer(input.baseAddress!) - position,
          stream.pointee.next_out - output.baseAddress!
        )
      }
    }
    position += taken
    self.taken += taken
    self.made += made
    guard self.made <= Self.freeSize + Self.ratioLimit * self.taken else { throw tooMuch() }
    switch status {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isInMember = false
    default:
      let reason = stream.pointee.msg.map { String(cString: $0) } ?? "error \(status)"
      throw FormatError(
        name, found: "damaged gzip data (\(reason))", expected: "a sound gzip file",
        remedy: "Test it with `gzip -t`, and fetch or pack it again.")
    }
    return made
  }

  private func tooMuch() -> FormatError {
    FormatError(
      name, found: "\(taken) bytes of gzip data that unpack to more than \(made)",
      expected: "at most \(Self.ratioLimit) times as many and \(Self.freeSize)",
      remedy: "If the file is sound, unpack it with gunzip first.")
  }
}
