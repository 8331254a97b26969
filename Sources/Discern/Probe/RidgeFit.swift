import Compute

/// Linear heads by ridge regression on one-hot targets, in closed form, with the answers that each row would get from a
/// head fitted without it.
///
/// The penalty of a feature is its own second moment times `penalty`, so that features of any size are treated alike.
struct RidgeFit {
  /// A head: weight (classes, width) and, where there is one, a bias for each class.
  struct Head {
    let penalty: Double
    let weight: Tensor
    let bias: [Float]
    fileprivate let inverse: Tensor
  }

  /// Penalties worth trying, the strongest first.
  static let penalties = [1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003]

  private let x: Tensor
  private let labels: [Int32]
  private let classes: Int
  /// Second moments, each feature scaled to a moment of one; the scales.
  private let moments: [Double]
  private let scales: [Double]
  /// Xᵀ·Y (width, classes).
  private let cross: Tensor
  /// Means of features and targets where the head has a bias; else none and 1 / classes.
  private let featureMeans: [Float]
  private let targetMeans: [Double]

  /// Takes features (rows, width) and a label for each row; `hasBias`: the head may shift its answers.
  init(_ features: Tensor, labels: [Int32], classes: Int, hasBias: Bool) {
    precondition(labels.count == features.rows, "a label for each row")
    (self.labels, self.classes) = (labels, classes)
    let (rows, width, backend) = (features.rows, features.columns, features.backend)
    if hasBias {
      let means = features.columnMeans
      (featureMeans, x) = (means, features.shifted(by: means))
      var counts = [Double](repeating: 0, count: classes)
      for label in labels { counts[Int(label)] += 1 }
      targetMeans = counts.map { $0 / Double(max(rows, 1)) }
    } else {
      (featureMeans, x) = ([], features)
      targetMeans = [Double](repeating: 1 / Double(classes), count: classes)
    }
    var targets = [Float](repeating: 0, count: rows * classes)
    for (row, label) in labels.enumerated() {
      for column in 0..<classes { targets[row * classes + column] = Float(-targetMeans[column]) }
      targets[row * classes + Int(label)] += 1
    }
    let gram = Tensor.zeros(rows: width, columns: width, on: backend)
    backend.outer(x, x, scale: 1, into: gram)
    cross = .zeros(rows: width, columns: classes, on: backend)
    backend.outer(x, Tensor(targets, rows: rows, columns: classes, on: backend), scale: 1, into: cross)
    let values = gram.values
    // A feature that is always zero has nothing to say; any scale will do.
    let scales = (0..<width).map { index in
      let moment = Double(values[index * width + index])
      return moment > 0 ? 1 / moment.squareRoot() : 1
    }
    moments = values.indices.map { Double(values[$0]) * scales[$0 / width] * scales[$0 % width] }
    self.scales = scales
  }

  /// The head of one penalty; `inverse` keeps room between calls. `nil` where the moments are not finite.
  func head(penalty: Double, _ inverse: inout SymmetricInverse) -> Head? {
    let width = scales.count
    var matrix = moments
    for index in 0..<width { matrix[index * width + index] += penalty }
    guard let inverted = inverse(matrix) else { return nil }
    let values = inverted.indices.map { Float(inverted[$0] * scales[$0 / width] * scales[$0 % width]) }
    let backend = x.backend
    let tensor = Tensor(values, rows: width, columns: width, on: backend)
    let weight = Tensor.zeros(rows: classes, columns: width, on: backend)
    backend.outer(cross, tensor, scale: 1, into: weight)
    return Head(penalty: penalty, weight: weight, bias: bias(weight.values), inverse: tensor)
  }

  private func bias(_ weight: [Float]) -> [Float] {
    guard !featureMeans.isEmpty else { return [] }
    let width = featureMeans.count
    return (0..<classes).map { label in
      let own = (0..<width).reduce(0.0) { $0 + Double(weight[label * width + $1]) * Double(featureMeans[$1]) }
      return Float(targetMeans[label] - own)
    }
  }

  /// Answers (rows, classes) of heads that are fitted without the row's own group, all with the penalty and the scales
  /// of the head.
  ///
  /// With H = X·A⁻¹·Xᵀ, plus 1/rows for a bias, the answers to a group left out are y − (1 − H)⁻¹·(y − ŷ) on its rows.
  func leaveOutAnswers(_ head: Head, groups: [[Int32]]) -> [Float] {
    var answers = [Float](repeating: 0, count: x.rows * classes)
    var block: [[Int32]] = []
    var count = 0
    for group in groups {
      block.append(group)
      count += group.count
      if count < 256 { continue }
      leaveOut(block, head, &answers)
      (block, count) = ([], 0)
    }
    if !block.isEmpty { leaveOut(block, head, &answers) }
    return answers
  }

  private func leaveOut(_ groups: [[Int32]], _ head: Head, _ answers: inout [Float]) {
    let rows = groups.flatMap { $0 }
    let own = Ops.gather(x, rows: rows).0
    let backend = x.backend
    let leverage = Tensor(rows: rows.count, columns: x.columns, on: backend)
    backend.product(.forward, [Segment(Weight(head.inverse), own)], bias: nil, accumulate: false, into: leverage)
    let fitted = Tensor(rows: rows.count, columns: classes, on: backend)
    backend.product(.forward, [Segment(Weight(head.weight), own)], bias: nil, accumulate: false, into: fitted)
    let (fits, widened, plain) = (fitted.values, leverage.values, own.values)
    var first = 0
    for group in groups {
      let hat = hat(first, group.count, own, leverage, plain, widened)
      leave(group, hat, fits[first * classes..<(first + group.count) * classes], &answers)
      first += group.count
    }
  }

  /// H on the rows of one group, row-major.
  private func hat(
    _ first: Int, _ count: Int, _ own: Tensor, _ leverage: Tensor, _ plain: [Float], _ widened: [Float]
  ) -> [Double] {
    let width = x.columns
    let constant = featureMeans.isEmpty ? 0 : 1 / Double(x.rows)
    if count == 1 {
      let range = first * width..<(first + 1) * width
      return [range.reduce(constant) { $0 + Double(plain[$1]) * Double(widened[$1]) }]
    }
    let rows = (first..<first + count).map(Int32.init)
    let product = Tensor(rows: count, columns: count, on: x.backend)
    x.backend.product(
      .forward, [Segment(Weight(Ops.gather(own, rows: rows).0), Ops.gather(leverage, rows: rows).0)], bias: nil,
      accumulate: false, into: product)
    return product.values.map { Double($0) + constant }
  }

  private func leave(_ group: [Int32], _ hat: [Double], _ fits: ArraySlice<Float>, _ answers: inout [Float]) {
    let count = group.count
    var system = (0..<count * count).map { ($0 / count == $0 % count ? 1 : 0) - hat[$0] }
    var residuals = [Double](repeating: 0, count: count * classes)
    for (row, index) in group.enumerated() {
      for label in 0..<classes {
        let target = (Int(labels[Int(index)]) == label ? 1 : 0) - targetMeans[label]
        residuals[row * classes + label] = target - Double(fits[fits.startIndex + row * classes + label])
      }
    }
    solve(&system, &residuals, count: count, columns: classes)
    for (row, index) in group.enumerated() {
      for label in 0..<classes {
        let target = (Int(labels[Int(index)]) == label ? 1.0 : 0)
        // The mean comes back only where it belongs to the answer: as the bias.
        let shift = featureMeans.isEmpty ? targetMeans[label] : 0
        answers[Int(index) * classes + label] = Float(target - shift - residuals[row * classes + label])
      }
    }
  }

  /// Answers (rows, classes) of a head to other features.
  static func answers(_ head: Head, _ features: Tensor) -> [Float] {
    let backend = features.backend
    let classes = head.weight.rows
    let answers = Tensor(rows: features.rows, columns: classes, on: backend)
    let bias = head.bias.isEmpty ? nil : Tensor(head.bias, rows: 1, columns: classes, on: backend)
    backend.product(
      .forward, [Segment(Weight(head.weight), features)], bias: bias, accumulate: false, into: answers)
    return answers.values
  }
}

/// Solves S·X = B in place (Gaussian elimination; S = 1 − H is symmetric positive definite).
private func solve(_ system: inout [Double], _ right: inout [Double], count: Int, columns: Int) {
  for pivot in 0..<count {
    // Rounding can bring a leverage of nearly one above it.
    let divisor = max(system[pivot * count + pivot], 1e-6)
    for row in pivot + 1..<max(count, pivot + 1) {
      let factor = system[row * count + pivot] / divisor
      if factor == 0 { continue }
      for column in pivot..<count { system[row * count + column] -= factor * system[pivot * count + column] }
      for column in 0..<columns { right[row * columns + column] -= factor * right[pivot * columns + column] }
    }
  }
  for pivot in (0..<count).reversed() {
    let divisor = max(system[pivot * count + pivot], 1e-6)
    for column in 0..<columns {
      var value = right[pivot * columns + column]
      for other in pivot + 1..<max(count, pivot + 1) {
        value -= system[pivot * count + other] * right[other * columns + column]
      }
      right[pivot * columns + column] = value / divisor
    }
  }
}

extension Tensor {
  /// The mean of each column.
  fileprivate var columnMeans: [Float] {
    let sums = Tensor.zeros(rows: 1, columns: columns, on: backend)
    backend.addColumnSums(self, into: sums)
    return sums.values.map { $0 / Float(max(rows, 1)) }
  }

  /// The rows less `means`.
  fileprivate func shifted(by means: [Float]) -> Tensor {
    var values = values
    values.withUnsafeMutableBufferPointer { values in
      for index in values.indices { values[index] -= means[index % columns] }
    }
    return Tensor(values, rows: rows, columns: columns, on: backend)
  }
}
