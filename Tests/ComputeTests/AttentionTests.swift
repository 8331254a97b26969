import CKernels
import Foundation
import Testing

/// A case of attention: its shape, and the same arithmetic as loops in double.
struct AttentionCase: CustomTestStringConvertible, Sendable {
  var heads = 4, keyValueHeads = 2, headSize = 16
  var causal = true, window = 0
  var lengths = [5]

  var testDescription: String {
    "\(heads)/\(keyValueHeads) heads of \(headSize), \(causal ? "causal" : "full"), window \(window), \(lengths)"
  }

  var count: Int { lengths.reduce(0, +) }
  var width: Int { heads * headSize }
  var keyValueWidth: Int { keyValueHeads * headSize }
  var scale: Float { 1 / Float(headSize).squareRoot() }

  func sees(_ i: Int, _ j: Int) -> Bool {
    !causal || (j <= i && (window == 0 || j > i - window))
  }

  /// Calls the body with (row of the query, its head, its key/value head, rows of the keys that it sees).
  func everyQuery(_ body: (Int, Int, Int, [Int]) -> Void) {
    var start = 0
    for length in lengths {
      for i in 0..<length {
        let keys = (0..<length).filter { sees(i, $0) }.map { start + $0 }
        for head in 0..<heads { body(start + i, head, head * keyValueHeads / heads, keys) }
      }
      start += length
    }
  }

  func probabilities(
    _ q: [Double], _ k: [Double], row: Int, head: Int, kv: Int, keys: [Int]
  ) -> (p: [Double], logsum: Double) {
    let scores = keys.map { key in
      (0..<headSize).reduce(0) {
        $0 + q[row * width + head * headSize + $1] * k[key * keyValueWidth + kv * headSize + $1]
      } * Double(scale)
    }
    let most = scores.max()!
    let sum = scores.reduce(0) { $0 + exp($1 - most) }
    return (scores.map { exp($0 - most) / sum }, most + log(sum))
  }

  func forward(_ q: [Double], _ k: [Double], _ v: [Double]) -> (y: [Double], logsum: [Double]) {
    var y = [Double](repeating: 0, count: q.count)
    var logsum = [Double](repeating: 0, count: count * heads)
    everyQuery { row, head, kv, keys in
      let (p, log) = probabilities(q, k, row: row, head: head, kv: kv, keys: keys)
      logsum[row * heads + head] = log
      for d in 0..<headSize {
        y[row * width + head * headSize + d] = zip(p, keys).reduce(0) {
          $0 + $1.0 * v[$1.1 * keyValueWidth + kv * headSize + d]
        }
      }
    }
    return (y, logsum)
  }

  func backward(_ q: [Double], _ k: [Double], _ v: [Double], _ dy: [Double]) -> (
    dq: [Double], dk: [Double], dv: [Double]
  ) {
    var dq = [Double](repeating: 0, count: q.count)
    var dk = [Double](repeating: 0, count: k.count)
    var dv = dk
    everyQuery { row, head, kv, keys in
      let (p, _) = probabilities(q, k, row: row, head: head, kv: kv, keys: keys)
      let at = row * width + head * headSize
      let keyAt = keys.map { $0 * keyValueWidth + kv * headSize }
      let dp = keyAt.map { key in (0..<headSize).reduce(0) { $0 + dy[at + $1] * v[key + $1] } }
      let mean = zip(p, dp).reduce(0) { $0 + $1.0 * $1.1 }
      for (j, key) in keyAt.enumerated() {
        let ds = p[j] * (dp[j] - mean) * Double(scale)
        for d in 0..<headSize {
          dq[at + d] += ds * k[key + d]
          dk[key + d] += ds * q[at + d]
          dv[key + d] += p[j] * dy[at + d]
        }
      }
    }
    return (dq, dk, dv)
  }

  // MARK: the kernels

  func withKernel<Result>(
    _ body: (UnsafePointer<dk_attention_t>, UnsafeMutableRawPointer) -> Result
  ) -> Result {
    let starts = lengths.reduce(into: [Int32(0)]) { $0.append($0.last! + Int32($1)) }
    return starts.withUnsafeBufferPointer {
      var attention = dk_attention_t(
        heads: Int64(heads), key_value_heads: Int64(keyValueHeads), head_size: Int64(headSize),
        scale: scale, causal: causal ? 1 : 0, window: Int64(window), starts: $0.baseAddress,
        sequence_count: Int64(lengths.count))
      let bytes = dk_attention_scratch(&attention, Int64(lengths.max()!))
      let guardBytes = 256
      let scratch = UnsafeMutableRawPointer.allocate(byteCount: bytes + guardBytes, alignment: 64)
      defer { scratch.deallocate() }
      // What scratch held before must not matter, and nothing past its end may be written.
      memset(scratch, 0xff, bytes + guardBytes)
      defer {
        let past = UnsafeRawBufferPointer(start: scratch + bytes, count: guardBytes)
        #expect(past.allSatisfy { $0 == 0xff }, "wrote past the end of scratch")
      }
      return body(&attention, scratch)
    }
  }

  func forward(_ q: [Float], _ k: [Float], _ v: [Float]) -> (y: [Float], logsum: [Float]) {
    var y = [Float](repeating: .nan, count: q.count)
    var logsum = [Float](repeating: .nan, count: count * heads)
    withKernel { dk_attention($0, q, k, v, &y, &logsum, $1) }
    return (y, logsum)
  }

  func backward(
    _ q: [Float], _ k: [Float], _ v: [Float], _ y: [Float], _ logsum: [Float], _ dy: [Float]
  ) -> (dq: [Float], dk: [Float], dv: [Float]) {
    var dq = [Float](repeating: .nan, count: q.count)
    var dk = [Float](repeating: .nan, count: k.count)
    var dv = dk
    withKernel { dk_attention_backward($0, q, k, v, y, logsum, dy, &dq, &dk, &dv, $1) }
    return (dq, dk, dv)
  }
}

extension KernelSuites {
  @Suite struct AttentionTests {
    static let small: [AttentionCase] = [
      AttentionCase(headSize: 3, lengths: [4, 1]),
      AttentionCase(heads: 2, keyValueHeads: 1, headSize: 5, causal: false, lengths: [3, 2]),
      AttentionCase(heads: 2, keyValueHeads: 2, headSize: 4, window: 2, lengths: [5]),
    ]
    // Every multiple and tail of a vector in the head's size, and of a tile in the sequence's length.
    static let large: [AttentionCase] = [
      AttentionCase(heads: 3, keyValueHeads: 1, headSize: 64, lengths: [8, 1, 33]),
      AttentionCase(heads: 2, keyValueHeads: 2, headSize: 64, causal: false, lengths: [7, 40]),
      AttentionCase(heads: 1, keyValueHeads: 1, headSize: 64, lengths: [100]),
      AttentionCase(heads: 2, keyValueHeads: 1, headSize: 20, causal: false, lengths: [35, 70]),
      AttentionCase(heads: 2, keyValueHeads: 2, headSize: 28, window: 7, lengths: [1, 90, 2]),
      AttentionCase(heads: 2, keyValueHeads: 1, headSize: 12, window: 40, lengths: [97]),
      AttentionCase(heads: 6, keyValueHeads: 2, headSize: 32, lengths: [17, 24]),
      AttentionCase(heads: 2, keyValueHeads: 1, headSize: 80, lengths: [31]),
      AttentionCase(heads: 1, keyValueHeads: 1, headSize: 96, lengths: [49]),
      AttentionCase(heads: 2, keyValueHeads: 1, headSize: 128, window: 1, lengths: [34]),
      AttentionCase(heads: 1, keyValueHeads: 1, headSize: 128, lengths: [66]),
      AttentionCase(heads: 5, keyValueHeads: 5, headSize: 9, causal: false, lengths: [1, 2, 19]),
    ]

    struct Inputs {
      var q, k, v, dy: [Float]

      init(_ attention: AttentionCase, seed: UInt64, range: Float = 2) {
        var random = Random(seed)
        q = random.floats(attention.count * attention.width, range: range)
        k = random.floats(attention.count * attention.keyValueWidth, range: range)
        v = random.floats(attention.count * attention.keyValueWidth, range: 1)
        dy = random.floats(attention.count * attention.width, range: 1)
      }
    }

    /// The loops' own gradient, which the kernels are compared with, against central differences.
    @Test(arguments: small) func loopsAgreeWithDifferences(_ attention: AttentionCase) {
      let x = Inputs(attention, seed: 1)
      let (q, k, v, dy) = (x.q.doubles, x.k.doubles, x.v.doubles, x.dy.doubles)
      let (dq, dk, dv) = attention.backward(q, k, v, dy)
      expectClose(
        dq.map { Float($0) }, differences(of: { attention.forward($0, k, v).y }, at: q, dy: dy),
        1e-6, "dq")
      expectClose(
        dk.map { Float($0) }, differences(of: { attention.forward(q, $0, v).y }, at: k, dy: dy),
        1e-6, "dk")
      expectClose(
        dv.map { Float($0) }, differences(of: { attention.forward(q, k, $0).y }, at: v, dy: dy),
        1e-6, "dv")
    }

    @Test(arguments: small + large) func againstLoops(_ attention: AttentionCase) {
      let x = Inputs(attention, seed: 2)
      let (q, k, v) = (x.q.doubles, x.k.doubles, x.v.doubles)
      let wanted = attention.forward(q, k, v)
      let gradient = attention.backward(q, k, v, x.dy.doubles)
      onEverySet { set in
        let (y, logsum) = attention.forward(x.q, x.k, x.v)
        expectClose(y, wanted.y, 2e-6, "y")
        expectClose(logsum, wanted.logsum, 1e-6, "logsum")
        let (dq, dk, dv) = attention.backward(x.q, x.k, x.v, y, logsum, x.dy)
        expectClose(dq, gradient.dq, 5e-6, "dq")
        expectClose(dk, gradient.dk, 5e-6, "dk")
        expectClose(dv, gradient.dv, 5e-6, "dv")
      }
    }

    /// Scores of hundreds: the exponentials of most keys vanish, none overflows.
    @Test func largeScores() {
      let attention = AttentionCase(heads: 2, keyValueHeads: 1, headSize: 64, lengths: [40])
      let x = Inputs(attention, seed: 3, range: 15)
      let wanted = attention.forward(x.q.doubles, x.k.doubles, x.v.doubles)
      onEverySet { set in
        let (y, logsum) = attention.forward(x.q, x.k, x.v)
        expectClose(y, wanted.y, 1e-3, "y")
        expectClose(logsum, wanted.logsum, 1e-5, "logsum")
      }
    }

    /// Each sequence of a packed batch has the bits that it has alone, in both directions.
    @Test(arguments: [
      AttentionCase(heads: 6, keyValueHeads: 2, headSize: 64, lengths: [3, 64, 1, 37, 8]),
      AttentionCase(heads: 2, keyValueHeads: 1, headSize: 20, causal: false, lengths: [9, 33, 40]),
      AttentionCase(heads: 2, keyValueHeads: 2, headSize: 12, window: 5, lengths: [50, 7, 1]),
    ]) func sequencesAreIndependent(_ packed: AttentionCase) {
      let x = Inputs(packed, seed: 4)
      onEverySet { set in
        let (y, logsum) = packed.forward(x.q, x.k, x.v)
        let (dq, dk, dv) = packed.backward(x.q, x.k, x.v, y, logsum, x.dy)
        var start = 0
        for length in packed.lengths {
          var alone = packed
          alone.lengths = [length]
          let rows = start * packed.width..<(start + length) * packed.width
          let keys = start * packed.keyValueWidth..<(start + length) * packed.keyValueWidth
          let logs = start * packed.heads..<(start + length) * packed.heads
          func part(_ values: [Float], _ range: Range<Int>) -> [Float] { [Float](values[range]) }
          let (q, k, v) = (part(x.q, rows), part(x.k, keys), part(x.v, keys))
          let (aloneY, aloneLogsum) = alone.forward(q, k, v)
          expectSame(aloneY, part(y, rows), "y of \(length)")
          expectSame(aloneLogsum, part(logsum, logs), "logsum of \(length)")
          let gradient = alone.backward(q, k, v, aloneY, aloneLogsum, part(x.dy, rows))
          expectSame(gradient.dq, part(dq, rows), "dq of \(length)")
          expectSame(gradient.dk, part(dk, keys), "dk of \(length)")
          expectSame(gradient.dv, part(dv, keys), "dv of \(length)")
          start += length
        }
      }
    }

    /// Under a causal mask the first tokens of a sequence have the bits of the sequence that ends with them.
    @Test(arguments: [0, 6]) func laterTokensDoNotMatter(window: Int) {
      let whole = AttentionCase(
        heads: 2, keyValueHeads: 1, headSize: 64, window: window, lengths: [70])
      let x = Inputs(whole, seed: 5)
      onEverySet { set in
        let (y, logsum) = whole.forward(x.q, x.k, x.v)
        for length in [1, 2, 7, 8, 31, 32, 33, 64, 69] {
          var start = whole
          start.lengths = [length]
          let (startY, startLogsum) = start.forward(
            [Float](x.q.prefix(length * start.width)),
            [Float](x.k.prefix(length * start.keyValueWidth)),
            [Float](x.v.prefix(length * start.keyValueWidth)))
          expectSame(startY, [Float](y.prefix(startY.count)), "y of \(length)")
          expectSame(startLogsum, [Float](logsum.prefix(startLogsum.count)), "logsum of \(length)")
        }
      }
    }

    @Test func scratchIsLinear() {
      let attention = AttentionCase(heads: 9, keyValueHeads: 3, headSize: 64)
      attention.withKernel { pointer, _ in
        let short = dk_attention_scratch(pointer, 1024)
        let long = dk_attention_scratch(pointer, 4096)
        #expect(long < 4 * short)
      }
    }
  }
}
