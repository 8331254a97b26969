import Formats
import Glibc

/// A log that TensorBoard reads: TFRecords of Event messages with scalars.
struct EventFile {
  let path: String
  /// The name; TensorBoard looks for `tfevents` in names.
  static let name = "events.out.tfevents.discern"

  /// Appends scalars of a step; the first event of a new file names the format.
  func append(_ scalars: [(tag: String, value: Double)], step: Int) throws {
    let time = Self.now
    try FileSystem.append(to: path) { isNew in
      (isNew ? Self.record(Self.version(at: time)) : []) + Self.record(Self.event(scalars, step: step, at: time))
    }
  }

  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  // MARK: Records

  /// Length, its checksum, content, its checksum.
  static func record(_ content: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(content.count))
    return length + littleEndian(masked(length)) + content + littleEndian(masked(content))
  }

  private static func masked(_ bytes: [UInt8]) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }

  /// CRC-32C (Castagnoli), a bit at a time: a line has a few hundred bytes.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = .max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0x82F6_3B78 : 0) }
    }
    return ~sum
  }

  private static func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
  }

  // MARK: Messages (event.proto: wall_time 1, step 2, file_version 3, summary 5; summary.proto: value 1 with tag 1 and
  // simple_value 2)

  private static func version(at time: Double) -> [UInt8] {
    double(1, time) + bytes(3, Array("brain.Event:2".utf8))
  }

  private static func event(_ scalars: [(tag: String, value: Double)], step: Int, at time: Double) -> [UInt8] {
    let values = scalars.flatMap { bytes(1, bytes(1, Array($0.tag.utf8)) + float(2, Float($0.value))) }
    return double(1, time) + [2 << 3] + varint(UInt64(step)) + bytes(5, values)
  }

  private static func double(_ field: UInt8, _ value: Double) -> [UInt8] {
    [field << 3 | 1] + littleEndian(value.bitPattern)
  }

  private static func float(_ field: UInt8, _ value: Float) -> [UInt8] {
    [field << 3 | 5] + littleEndian(value.bitPattern)
  }

  private static func bytes(_ field: UInt8, _ content: [UInt8]) -> [UInt8] {
    [field << 3 | 2] + varint(UInt64(content.count)) + content
  }

  private static func varint(_ number: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(base128: number)
    return bytes
  }
}

extension EventFile {
  /// The scalars of a line of the log, under the names that TensorBoard groups by.
  static func scalars(of entry: JSON) -> [(tag: String, value: Double)] {
    let training = ["loss": "train/loss", "learning_rate": "train/learning_rate", "grad_norm": "train/grad_norm"]
    return (entry.object?.members ?? []).compactMap { member in
      guard let value = member.value.double else { return nil }
      let name = member.key.text
      if name.hasPrefix("eval_") { return ("eval/" + name.dropFirst("eval_".count), value) }
      return training[name].map { ($0, value) }
    }
  }
}
