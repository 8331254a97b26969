import Glibc

/// A folder that is written whole or not at all, with the SHA-256 of each of its files in `SHA256SUMS`.
///
/// It is made under a temporary name beside its place, synced and renamed, so that its path shows a whole folder or
/// none. `sha256sum --check SHA256SUMS` agrees with `SealedFolder.check`.
public struct SealedFolder: ~Copyable {
  /// The file of the sums.
  public static let sumsFile = "SHA256SUMS"
  /// The longest list of sums that is read, in bytes.
  static let sumsLimit = 1 << 16
  /// What temporary folders are called: leftovers of a process that died may be removed.
  public static let temporaryPrefix = ".discern-", temporarySuffix = ".tmp"

  private let path: String
  private let temporary: String
  private var sums: [(name: String, sum: String)] = []
  private var isPending = true

  /// Starts a folder that is to lie at `path`, whose parent must be there.
  public init(at path: String) throws {
    self.path = path
    temporary = Self.temporaryPath(in: folderName(of: path))
    guard mkdir(temporary, 0o777) == 0 else { throw unwritten(path) }
  }

  deinit {
    if isPending { Self.remove(temporary) }
  }

  /// Writes a file into the folder. Throws what `body` throws, or a `FormatError` where the system takes no more.
  public mutating func add(_ name: String, _ body: (inout FileSink) throws -> Void) throws {
    let place = "\(path)/\(name)"
    let descriptor = open("\(temporary)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw unwritten(place) }
    var isOpen = true
    defer { if isOpen { close(descriptor) } }
    var sink = FileSink(descriptor: descriptor, place: place, hashing: true)
    try body(&sink)
    try sink.flush()
    guard fsync(descriptor) == 0 else { throw unwritten(place) }
    isOpen = false
    guard close(descriptor) == 0 else { throw unwritten(place) }
    sums.append((name, sink.hash!.hexDigest))
  }

  /// Writes the sums and puts the folder in its place; what lay there under this name is removed.
  public consuming func commit() throws {
    let text = Self.text(sums)
    try add(Self.sumsFile) { try $0.write(text) }
    try syncFolder(temporary, for: path)
    // What lay there goes only when the new one has its name: under a temporary one it is at least whole.
    let former = Self.temporaryPath(in: folderName(of: path))
    let isReplaced = rename(path, former) == 0
    guard rename(temporary, path) == 0 else {
      let fault = unwritten(path)
      if isReplaced { rename(former, path) }
      throw fault
    }
    isPending = false
    try syncFolder(folderName(of: path), for: path)
    if isReplaced { Self.remove(former) }
  }

  /// Throws a `FormatError` that names the file where a sealed folder is not as it was written, to the last bit.
  public static func check(_ path: String) throws {
    let sumsPath = "\(path)/\(sumsFile)"
    let lines = try FileText.read(sumsPath, limit: sumsLimit)
    var sums: [(name: String, sum: String)] = []
    var seen: Set<JSONString> = []
    for line in lines.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[1].hasPrefix(" "), !parts[1].contains("/") else {
        throw FormatError(sumsPath, found: "a line that is no checksum", expected: "lines as sha256sum prints them")
      }
      let name = String(parts[1].dropFirst())
      // A file that is named a thousand times would be read as often.
      guard seen.insert(JSONString(name)).inserted else {
        throw FormatError(sumsPath, found: "\(quoted(name)) twice", expected: "each file once")
      }
      let sum = try SHA256.hexDigest(ofFile: "\(path)/\(name)")
      guard sum == parts[0] else {
        throw FormatError(
          "\(path)/\(name)", found: "bytes with the SHA-256 \(sum.prefix(12))…",
          expected: "\(parts[0].prefix(12))… as \(sumsFile) says")
      }
      sums.append((name, sum))
    }
    // The same text again: a changed byte of the sums themselves, or a lost line, is damage too.
    guard lines.utf8.elementsEqual(text(sums).utf8) else {
      throw FormatError(sumsPath, found: "other bytes than were written", expected: "lines as sha256sum prints them")
    }
    let known = Set(sums.map(\.name) + [sumsFile])
    if let other = names(in: path).first(where: { !known.contains($0) }) {
      throw FormatError("\(path)/\(other)", found: "a file without a checksum", expected: "a line in \(sumsFile)")
    }
  }

  /// Removes a folder of plain files; without effect where there is none.
  ///
  /// It loses its name first: whoever is interrupted here leaves no folder that looks whole and is not.
  public static func remove(_ path: String) {
    var doomed = path
    if !lastComponent(of: path).hasPrefix(temporaryPrefix) {
      doomed = temporaryPath(in: folderName(of: path))
      guard rename(path, doomed) == 0 else { return }
    }
    for name in names(in: doomed) { unlink("\(doomed)/\(name)") }
    rmdir(doomed)
  }

  private static func lastComponent(of path: String) -> Substring {
    path.split(separator: "/").last ?? ""
  }

  /// A name in a folder that nobody else has.
  package static func temporaryPath(in folder: String) -> String {
    let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    return "\(folder)/\(temporaryPrefix)\(unique)\(temporarySuffix)"
  }

  /// Names of what lies in a folder, sorted; empty where it cannot be read.
  package static func names(in folder: String) -> [String] { (try? entries(of: folder)) ?? [] }

  /// Names of what lies in a folder, sorted; none where there is no such folder.
  ///
  /// Throws a `FormatError` where the system does not say: that is no sign that nothing is there.
  package static func entries(of folder: String) throws -> [String] {
    func unread() -> FormatError { FormatError(system: errno, at: folder, expected: "a folder that can be read") }
    guard let stream = opendir(folder) else {
      if errno == ENOENT { return [] }
      throw unread()
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else { break }
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw unread() }
    return names.sorted()
  }

  private static func text(_ sums: [(name: String, sum: String)]) -> String {
    sums.map { "\($0.sum)  \($0.name)\n" }.joined()
  }
}

/// Small text files.
enum FileText {
  /// The whole text. Throws `FormatError` where the file is not there, empty, longer than `limit` bytes or not UTF-8.
  static func read(_ path: String, limit: Int = 1 << 20) throws -> String {
    let file = try MappedFile(path)
    guard file.bytes.count <= limit else {
      throw FormatError(path, found: "\(file.bytes.count) bytes", expected: "at most \(limit) for this file")
    }
    guard let text = file.withBytes({ String(validating: $0, as: UTF8.self) }) else {
      throw FormatError(path, found: "bytes that are not UTF-8", expected: "a text")
    }
    return text
  }
}
