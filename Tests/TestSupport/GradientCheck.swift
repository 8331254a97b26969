import Compute

/// Compares a pullback with central differences, both in float64.
public enum GradientCheck {
  /// Value of a function, and its gradients with respect to each input for a gradient of the value.
  public typealias Function = ([Tensor]) -> (value: Tensor, gradients: (Tensor) -> [Tensor?])

  /// The largest relative L2 distance over all inputs between analytic and numeric gradients of Σ c·value, with fixed
  /// random c. Inputs whose gradient is `nil` are not compared.
  public static func error(
    _ shapes: [(rows: Int, columns: Int)], seed: UInt64 = 1, on backend: ReferenceBackend,
    _ function: Function
  ) -> Double {
    var random = Random(seed: seed, stream: 7)
    let inputs = shapes.map { shape in
      let values = (0..<shape.rows * shape.columns).map { _ in random.normal() }
      return Tensor(doubles: values, rows: shape.rows, columns: shape.columns, on: backend)
    }
    let (value, pull) = function(inputs)
    let c = Tensor(
      doubles: (0..<value.count).map { _ in random.normal() }, rows: value.rows,
      columns: value.columns, on: backend)
    func objective() -> Double {
      zip(function(inputs).value.doubles, c.doubles).reduce(0) { $0 + $1.0 * $1.1 }
    }
    let gradients = pull(c).map { $0?.doubles }
    return zip(inputs, gradients).reduce(0) { largest, pair in
      guard let analytic = pair.1 else { return largest }
      return max(largest, distance(analytic, numeric(pair.0, objective)))
    }
  }

  private static func numeric(_ input: Tensor, _ objective: () -> Double) -> [Double] {
    let step = 1e-5
    return (0..<input.count).map { index in
      let value = input.elements[index]
      defer { input.elements[index] = value }
      input.elements[index] = value + step
      let above = objective()
      input.elements[index] = value - step
      return (above - objective()) / (2 * step)
    }
  }

  private static func distance(_ a: [Double], _ b: [Double]) -> Double {
    let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let size = b.reduce(0) { $0 + $1 * $1 }
    return difference.squareRoot() / max(size.squareRoot(), 1e-9)
  }
}
