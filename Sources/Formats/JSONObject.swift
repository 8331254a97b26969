/// The members of a JSON object in the order of the file, with lookup by name in constant time.
public struct JSONObject: Sendable {
  /// A name with its value.
  public struct Member: Equatable, Sendable {
    public let key: JSONString
    public fileprivate(set) var value: JSON
  }

  /// The members in order; no two have the same key.
  public private(set) var members: [Member] = []
  /// Open addressing: positions in `members` plus one, 0 for empty; not kept for few members.
  private var slots: [Int32] = []
  private static let linearLimit = 8

  /// Makes an empty object.
  public init() {}

  /// How many members there are.
  public var count: Int { members.count }
  /// Whether there are none.
  public var isEmpty: Bool { members.isEmpty }
  /// The names in order.
  public var keys: [String] { members.map(\.key.text) }

  /// Reads the member of that name; writing replaces its value, adds it at the end, or removes it (nil).
  public subscript(key: String) -> JSON? {
    get { self[JSONString(key)] }
    set { self[JSONString(key)] = newValue }
  }

  /// Reads the member of that name; writing replaces its value, adds it at the end, or removes it (nil).
  public subscript(key: JSONString) -> JSON? {
    get { position(of: key).map { members[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let position?, let value?): members[position].value = value
      case (let position?, nil):
        members.remove(at: position)
        rebuild()
      case (nil, let value?): _ = insert(key, value)
      case (nil, nil): break
      }
    }
  }

  /// Adds a member at the end; a name that is already there is a programmer error.
  public mutating func append(_ key: JSONString, _ value: JSON) {
    precondition(insert(key, value), "the JSON object has a member \(key) already")
  }

  /// Adds a member at the end, or answers false where that name is there already.
  mutating func insert(_ key: JSONString, _ value: JSON) -> Bool {
    if members.count < Self.linearLimit {
      if members.contains(where: { $0.key == key }) { return false }
      members.append(Member(key: key, value: value))
      return true
    }
    if slots.count < (members.count + 1) * 2 { rebuild(capacity: (members.count + 1) * 4) }
    var slot = key.hashValue & (slots.count - 1)
    while slots[slot] != 0 {
      if members[Int(slots[slot]) - 1].key == key { return false }
      slot = (slot + 1) & (slots.count - 1)
    }
    members.append(Member(key: key, value: value))
    slots[slot] = Int32(members.count)
    return true
  }

  private func position(of key: JSONString) -> Int? {
    guard !slots.isEmpty else { return members.firstIndex { $0.key == key } }
    var slot = key.hashValue & (slots.count - 1)
    while slots[slot] != 0 {
      let position = Int(slots[slot]) - 1
      if members[position].key == key { return position }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  private mutating func rebuild(capacity: Int? = nil) {
    guard members.count >= Self.linearLimit else {
      slots = []
      return
    }
    var size = 32
    while size < capacity ?? members.count * 2 { size *= 2 }
    slots = [Int32](repeating: 0, count: size)
    for (position, member) in members.enumerated() {
      var slot = member.key.hashValue & (size - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
      slots[slot] = Int32(position + 1)
    }
  }
}

extension JSONObject: Equatable, ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (JSONString, JSON)...) {
    for (key, value) in elements { append(key, value) }
  }

  /// Whether both hold equal members, in whatever order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
  }
}
