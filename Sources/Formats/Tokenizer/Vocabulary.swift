/// Pieces of text and their ids, looked up both ways; keyed by bytes, never by `String`.
struct Vocabulary: Sendable {
  enum Insertion { case done, idTaken, pieceTaken }

  /// The most bytes of pieces that a file may have in all; places are kept in 32 bits.
  static let longest = 1 << 30

  private let seed = HashSeed()
  private var arena: [UInt8] = []
  /// By id: where the piece starts in `arena`, and its length; -1 where no piece has that id.
  private var places: [(start: Int32, count: Int32)]
  /// Open addressing: id plus one, 0 for empty.
  private var slots: [Int32]

  /// Makes an empty vocabulary for ids below `size`.
  init(size: Int) {
    places = Array(repeating: (0, -1), count: size)
    var capacity = 16
    while capacity < size * 2 { capacity *= 2 }
    slots = Array(repeating: 0, count: capacity)
  }

  /// One more than the largest id that fits.
  var size: Int { places.count }

  /// Whether some piece has that id.
  func contains(_ id: Int) -> Bool { places.indices.contains(id) && places[id].count >= 0 }

  /// Adds a piece; with `keepsRepeated` a piece that another id has too is kept for looking up by this id only.
  mutating func insert(
    _ piece: UnsafeBufferPointer<UInt8>, id: Int, keepsRepeated: Bool = false
  ) -> Insertion {
    if places[id].count >= 0 { return .idTaken }
    var slot = Int(truncatingIfNeeded: hash(piece)) & (slots.count - 1)
    while slots[slot] != 0 {
      let other = Int(slots[slot]) - 1
      if matches(other, piece) {
        if keepsRepeated { places[id] = places[other] }
        return .pieceTaken
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    slots[slot] = Int32(id + 1)
    places[id] = (Int32(arena.count), Int32(piece.count))
    arena.append(contentsOf: piece)
    return .done
  }

  /// The id of that piece, or -1.
  func id(of piece: UnsafeBufferPointer<UInt8>) -> Int32 {
    var slot = Int(truncatingIfNeeded: hash(piece)) & (slots.count - 1)
    while slots[slot] != 0 {
      if matches(Int(slots[slot]) - 1, piece) { return slots[slot] - 1 }
      slot = (slot + 1) & (slots.count - 1)
    }
    return -1
  }

  /// The id of that piece, or -1.
  func id(of piece: [UInt8]) -> Int32 { piece.withUnsafeBufferPointer { id(of: $0) } }

  /// The bytes of the piece with that id; nil where there is none.
  func piece(_ id: Int) -> ArraySlice<UInt8>? {
    guard contains(id) else { return nil }
    let place = places[id]
    return arena[Int(place.start)..<Int(place.start + place.count)]
  }

  private func matches(_ id: Int, _ piece: UnsafeBufferPointer<UInt8>) -> Bool {
    let place = places[id]
    guard Int(place.count) == piece.count else { return false }
    return arena.withUnsafeBufferPointer { arena in
      for index in 0..<piece.count where arena[Int(place.start) + index] != piece[index] {
        return false
      }
      return true
    }
  }

  private func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var hash = UInt64(bytes.count)
    var index = 0
    let raw = UnsafeRawBufferPointer(bytes)
    while index + 8 <= raw.count {
      hash = seed.mix(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index += 8
    }
    var rest: UInt64 = 0
    while index < raw.count {
      rest = rest << 8 | UInt64(raw[index])
      index += 1
    }
    return seed.mix(hash ^ rest)
  }
}
