import CKernels

/// Inverts symmetric positive definite matrices in double precision; room for it is kept from call to call.
public struct SymmetricInverse {
  /// Rows and columns.
  public let order: Int
  private var values: [Double]
  private var scratch: [Double]

  /// Makes room for matrices of that order.
  public init(order: Int) {
    self.order = order
    values = [Double](repeating: 0, count: order * order)
    scratch = values
  }

  /// The inverse, row-major; `nil` where the matrix is not positive definite. Only its lower half is read.
  public mutating func callAsFunction(_ matrix: [Double]) -> [Double]? {
    precondition(matrix.count == order * order, "\(matrix.count) values for \(order)×\(order)")
    values.withUnsafeMutableBufferPointer { values in
      for index in matrix.indices { values[index] = matrix[index] }
    }
    let code = values.withUnsafeMutableBufferPointer { values in
      scratch.withUnsafeMutableBufferPointer {
        dk_invert(values.baseAddress!, Int64(order), $0.baseAddress!)
      }
    }
    return code == 0 ? values : nil
  }
}
