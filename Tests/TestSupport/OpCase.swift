import Compute

/// A row of the op table: one kernel of `Backend` on shapes as they occur in a model.
///
/// Tests compare a backend with `ReferenceBackend` on every row, `Benchmarks/OpTable` measures the same rows.
public struct OpCase: Sendable, CustomStringConvertible {
  /// The kernel, its direction and its variant.
  public let name: String
  /// Rows and columns of the inputs, which are random.
  public let inputs: [(rows: Int, columns: Int)]
  /// Floating-point operations; 0 where moving the values is the work.
  public let operations: Double
  /// The largest relative L2 distance from the float64 oracle; `nil` where results are random by definition.
  public let tolerance: Double?
  /// Does what comes before, and returns the kernel itself, which makes its results anew each time.
  public let prepare: @Sendable (_ inputs: [Tensor], _ backend: any Backend) -> () -> [Tensor]

  init(
    _ name: String, _ inputs: [(rows: Int, columns: Int)], operations: Double = 0, tolerance: Double? = 2e-6,
    _ prepare: @escaping @Sendable (_ inputs: [Tensor], _ backend: any Backend) -> () -> [Tensor]
  ) {
    self.name = name
    self.inputs = inputs
    self.operations = operations
    self.tolerance = tolerance
    self.prepare = prepare
  }

  public var description: String { name }

  /// Inputs of this row, normally distributed, the same on every backend.
  public func randomInputs(on backend: any Backend) -> [Tensor] {
    var random = Random(seed: 1, stream: 9)
    return inputs.map { shape in
      let values = (0..<shape.rows * shape.columns).map { _ in Float(random.normal()) }
      return Tensor(values, rows: shape.rows, columns: shape.columns, on: backend)
    }
  }

  /// All rows of the table.
  public static func all(_ shape: OpShape) -> [OpCase] {
    products(shape) + lowRank(shape) + rows(shape) + attention(shape) + ends(shape)
  }
}

/// The sizes that the rows of the op table are made for.
public struct OpShape: Sendable {
  /// Lengths of the sequences.
  public let lengths: [Int]
  /// Width of the hidden states, of keys and values, of a head, and between gate and down.
  public let width: Int, keyValueWidth: Int, headSize: Int, intermediate: Int
  /// Rank of the pairs, and number of labels.
  public let rank: Int, labels: Int

  var packing: Packing { Packing(lengths: lengths) }
  var count: Int { packing.rows }
  var heads: Int { width / headSize }

  /// Small and odd, for tests.
  public static let small = OpShape(
    lengths: [5, 1, 13], width: 64, keyValueWidth: 32, headSize: 16, intermediate: 96, rank: 5, labels: 3)
  /// A chunk of short texts in a model of 135 million parameters.
  public static let smolLM2 = OpShape(
    lengths: [40, 40, 40, 40], width: 576, keyValueWidth: 192, headSize: 64, intermediate: 1536, rank: 12, labels: 2)
  /// Two texts in a model of seven billion.
  public static let llama7B = OpShape(
    lengths: [64, 64], width: 4096, keyValueWidth: 4096, headSize: 128, intermediate: 11008, rank: 12, labels: 2)
}
