import Compute
import Foundation

extension ReferenceBackend {
  public func attention(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, into y: Tensor,
    logsum: Tensor
  ) {
    zero(y)
    visit(shape, packing, q, k) { row, head, seen, scores in
      let largest = scores.max()!
      let sum = scores.reduce(0) { $0 + exp($1 - largest) }
      logsum[row, head] = largest + log(sum)
      for (other, score) in zip(seen, scores) {
        let p = exp(score - logsum[row, head])
        for i in 0..<shape.headSize {
          y[row, head * shape.headSize + i] += p * v[other, shape.keyColumn(head) + i]
        }
      }
    }
  }

  public func attentionBackward(
    _ shape: AttentionShape, _ packing: Packing, q: Tensor, k: Tensor, v: Tensor, y: Tensor,
    logsum: Tensor, dy: Tensor, intoQ dq: Tensor, intoK dk: Tensor, intoV dv: Tensor
  ) {
    for tensor in [dq, dk, dv] { zero(tensor) }
    let scale = 1 / Double(shape.headSize).squareRoot()
    let size = shape.headSize
    visit(shape, packing, q, k) { row, head, seen, scores in
      let dot = (0..<size).reduce(0) { $0 + dy[row, head * size + $1] * y[row, head * size + $1] }
      for (other, score) in zip(seen, scores) {
        let p = exp(score - logsum[row, head])
        let column = shape.keyColumn(head)
        let dp = (0..<size).reduce(0) { $0 + dy[row, head * size + $1] * v[other, column + $1] }
        let ds = p * (dp - dot) * scale
        for i in 0..<size {
          dv[other, column + i] += p * dy[row, head * size + i]
          dq[row, head * size + i] += ds * k[other, column + i]
          dk[other, column + i] += ds * q[row, head * size + i]
        }
      }
    }
  }

  /// Calls `body` for every row and head with the rows that it sees and their scores.
  private func visit(
    _ shape: AttentionShape, _ packing: Packing, _ q: Tensor, _ k: Tensor,
    _ body: (_ row: Int, _ head: Int, _ seen: [Int], _ scores: [Double]) -> Void
  ) {
    let scale = 1 / Double(shape.headSize).squareRoot()
    for sequence in 0..<packing.count {
      for row in packing.rows(of: sequence) {
        let seen = packing.rows(of: sequence).filter { other in
          !shape.causal || (other <= row && row - other < shape.window ?? .max)
        }
        for head in 0..<shape.heads {
          let scores = seen.map { other in
            (0..<shape.headSize).reduce(0) {
              $0 + q[row, head * shape.headSize + $1] * k[other, shape.keyColumn(head) + $1]
            } * scale
          }
          body(row, head, seen, scores)
        }
      }
    }
  }
}

extension AttentionShape {
  /// First column of the keys and values that a query head uses.
  fileprivate func keyColumn(_ head: Int) -> Int { head / (heads / keyValueHeads) * headSize }
}
