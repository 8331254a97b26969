/// A tensor as it lies in a file: its values are not converted, only located.
public struct StoredTensor: @unchecked Sendable {
  // Unchecked for `bytes` alone: it points into the read-only mapping that `owner` keeps alive.

  /// The name, in Hugging Face's spelling where it has one.
  public let name: String
  /// The extents, outermost first: a weight is `[out, in]`. Empty for a single value.
  public let shape: [Int]
  /// How the values are written; never `unsupported`.
  public let format: StoredFormat
  /// The values, row by row. The address is a multiple of `format.alignment`; the count is exactly
  /// `format.byteCount(shape:)`.
  public let bytes: UnsafeRawBufferPointer
  /// The file that the bytes lie in; keep it as long as the bytes are used, or use `withBytes`.
  public let owner: MappedFile

  /// The number of values.
  public var count: Int { shape.reduce(1, *) }

  /// Calls `body` with the values, which stay mapped until the call returns.
  public func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    // A plain use of `bytes` may come after the last use of the owner, and then Swift has freed it.
    try withExtendedLifetime(owner) { try body(bytes) }
  }

  /// Gives the memory of the values back to the system, for callers who have copied them and need the file no more.
  public func releasePages() { owner.releasePages(of: bytes) }

  /// Locates a tensor in `owner`, or in a copy of it where the file put it at an odd address.
  init(
    name: String, shape: [Int], format: StoredFormat, range: Range<Int>, in owner: MappedFile
  ) throws {
    self.name = name
    self.shape = shape
    self.format = format
    let slice = UnsafeRawBufferPointer(rebasing: owner.bytes[range])
    if slice.isEmpty || range.lowerBound.isMultiple(of: format.alignment) {
      bytes = slice
      self.owner = owner
    } else {
      // Files of old writers start their data anywhere; kernels want aligned numbers.
      let copy = try MappedFile(copying: slice, name: owner.name)
      bytes = copy.bytes
      self.owner = copy
    }
  }
}

extension StoredTensor {
  /// The same tensor under another name.
  func renamed(_ name: String) -> StoredTensor {
    StoredTensor(name: name, shape: shape, format: format, bytes: bytes, owner: owner)
  }

  private init(
    name: String, shape: [Int], format: StoredFormat, bytes: UnsafeRawBufferPointer,
    owner: MappedFile
  ) {
    self.name = name
    self.shape = shape
    self.format = format
    self.bytes = bytes
    self.owner = owner
  }
}

/// What a file says of a tensor before it is read.
public struct TensorListing: Hashable, Sendable {
  /// The name, in Hugging Face's spelling where it has one.
  public let name: String
  /// The extents, outermost first.
  public let shape: [Int]
  /// How the values are written; may be `unsupported`, and then reading it throws.
  public let format: StoredFormat
  /// The size in bytes; nil where the format's layout is unknown.
  public let byteCount: Int?
}
