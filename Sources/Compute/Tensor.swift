/// A piece of memory that belongs to a backend; freed with its last owner. Reference counting is the memory plan.
///
/// `@unchecked Sendable`: an op writes only into storage that it has just made, and everything shared between
/// threads (weights, parameters) is written only while no other thread runs.
public final class Storage: @unchecked Sendable {
  /// The backend that made it and frees it.
  public let backend: any Backend
  /// First byte.
  public let address: UnsafeMutableRawPointer
  /// Length in bytes.
  public let byteCount: Int
  /// Keeps borrowed bytes (a mapped file) alive; `nil` where the backend owns them.
  private let owner: AnyObject?

  /// Takes new memory from the backend; its contents are undefined.
  public init(byteCount: Int, on backend: any Backend) {
    self.backend = backend
    self.byteCount = byteCount
    self.address = backend.allocate(byteCount: byteCount)
    self.owner = nil
  }

  /// Borrows bytes that `owner` keeps alive, such as a mapped file. They are never written.
  public init(borrowing bytes: UnsafeRawBufferPointer, owner: AnyObject, on backend: any Backend) {
    self.backend = backend
    self.byteCount = bytes.count
    self.address = UnsafeMutableRawPointer(mutating: bytes.baseAddress!)
    self.owner = owner
  }

  /// Whether the bytes belong to somebody else, such as a mapped file.
  public var isBorrowed: Bool { owner != nil }

  /// The same bytes under another backend, which must not write to them.
  func borrowed(by backend: any Backend) -> Storage {
    Storage(
      borrowing: UnsafeRawBufferPointer(start: address, count: byteCount), owner: self, on: backend)
  }

  deinit {
    if owner == nil { backend.free(address, byteCount: byteCount) }
  }
}

/// Activations, parameters, gradients: `rows × columns` in the backend's own element type, row-major.
public struct Tensor: Sendable {
  /// Rows: tokens of the packed batch, or whatever the first axis is.
  public let rows: Int
  /// Columns: the width of a row.
  public let columns: Int
  /// Where the elements lie.
  public let storage: Storage

  /// Makes a tensor with undefined contents.
  public init(rows: Int, columns: Int, on backend: any Backend) {
    self.rows = rows
    self.columns = columns
    self.storage = Storage(
      byteCount: max(rows * columns, 1) * backend.elementBytes, on: backend)
  }

  /// The same elements under another backend, which must not write to them.
  public func borrowed(by backend: any Backend) -> Tensor {
    Tensor(rows: rows, columns: columns, storage: storage.borrowed(by: backend))
  }

  /// Sees elements that lie there already, in the backend's own type.
  package init(rows: Int, columns: Int, storage: Storage) {
    self.rows = rows
    self.columns = columns
    self.storage = storage
  }

  /// Makes a tensor from values in row-major order.
  public init(_ values: [Float], rows: Int, columns: Int, on backend: any Backend) {
    precondition(values.count == rows * columns, "\(values.count) values for \(rows)×\(columns)")
    self.init(rows: rows, columns: columns, on: backend)
    backend.write(values, into: self)
  }

  /// A tensor of zeros.
  public static func zeros(rows: Int, columns: Int, on backend: any Backend) -> Tensor {
    let tensor = Tensor(rows: rows, columns: columns, on: backend)
    backend.zero(tensor)
    return tensor
  }

  /// Number of elements.
  public var count: Int { rows * columns }
  /// The backend that holds it.
  public var backend: any Backend { storage.backend }
  /// All elements in row-major order, as float32.
  public var values: [Float] { backend.read(self) }
  /// A new tensor of the same shape with undefined contents.
  func like() -> Tensor { Tensor(rows: rows, columns: columns, on: backend) }
}

/// How the values of a frozen weight are stored.
public enum WeightFormat: Int32, Sendable, CaseIterable {
  // swift-format-ignore: AlwaysUseLowerCamelCase
  case f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0, q2_K, q3_K, q4_K, q5_K, q6_K
  /// The backend's own element type: parameters that take part in products.
  case native
}

/// A frozen matrix, out × in, in the format of its file.
public struct Weight: Sendable {
  /// Outputs.
  public let rows: Int
  /// Inputs.
  public let columns: Int
  /// How its values are stored.
  public let format: WeightFormat
  /// Its bytes, row after row.
  public let storage: Storage

  /// Wraps stored bytes; the caller has checked that they hold `rows × columns` values of `format`.
  public init(rows: Int, columns: Int, format: WeightFormat, storage: Storage) {
    self.rows = rows
    self.columns = columns
    self.format = format
    self.storage = storage
  }

  /// The same bytes under another backend.
  public func borrowed(by backend: any Backend) -> Weight {
    Weight(rows: rows, columns: columns, format: format, storage: storage.borrowed(by: backend))
  }

  /// A parameter's values seen as a weight.
  public init(_ tensor: Tensor) {
    self.init(
      rows: tensor.rows, columns: tensor.columns, format: .native, storage: tensor.storage)
  }
}

/// A trainable matrix under its name in a PEFT file. Its gradient lives in a `Gradients` of the pass.
public final class Parameter: Sendable {
  /// Name as in `adapter_model.safetensors`.
  public let name: String
  /// Place in the list of all parameters, and so in every `Gradients`.
  public let index: Int
  /// Its values; written only by the optimiser and by loading.
  public let value: Tensor
  /// Whether weight decay applies (not to biases).
  public let decays: Bool

  /// Makes a parameter; `index` is its place in the list that the optimiser sees.
  public init(name: String, index: Int, value: Tensor, decays: Bool = true) {
    self.name = name
    self.index = index
    self.value = value
    self.decays = decays
  }
}

/// One gradient for each parameter, in the parameters' order; pullbacks only ever add to it.
public struct Gradients: Sendable {
  /// Gradients in the order of the parameters' indices.
  public let tensors: [Tensor]

  /// Zeros shaped like the parameters.
  public init(like parameters: [Parameter], on backend: any Backend) {
    tensors = parameters.enumerated().map { index, parameter in
      precondition(parameter.index == index, "\(parameter.name) stands at \(index)")
      return .zeros(rows: parameter.value.rows, columns: parameter.value.columns, on: backend)
    }
  }

  /// The gradient of one parameter.
  public subscript(_ parameter: Parameter) -> Tensor { tensors[parameter.index] }

  /// Sets all to zero.
  public func clear() {
    for tensor in tensors { tensor.backend.zero(tensor) }
  }

  /// Adds other sets in their order; the threads share out whole parameters.
  public func add(_ others: [Gradients], threads: Int) {
    Parallel.forEach(tensors.count, threads: threads) { index, _ in
      let sum = tensors[index]
      for other in others { sum.backend.add(other.tensors[index], into: sum) }
    }
  }

  /// Σ of all squares: tensor by tensor, then over the tensors in order.
  public func sumOfSquares(threads: Int) -> Double {
    Parallel.map(tensors.count, threads: threads) { index in
      tensors[index].backend.sumOfSquares(tensors[index])
    }.reduce(0, +)
  }
}
