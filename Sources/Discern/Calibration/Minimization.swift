/// The point where a smooth function is least, by L-BFGS with ten pairs and a line search that halves the step until the
/// value falls enough (Nocedal and Wright, "Numerical Optimization", algorithms 7.4 and 3.1).
func minimized(
  from start: [Double], iterations: Int = 500, tolerance: Double = 1e-8,
  _ function: (_ point: [Double]) -> (value: Double, gradient: [Double])
) -> [Double] {
  var point = start
  var (value, gradient) = function(point)
  var memory = CurvatureMemory()
  for _ in 0..<iterations where gradient.contains(where: { abs($0) > tolerance }) {
    var direction = memory.direction(gradient)
    var slope = dot(direction, gradient)
    if slope >= 0 {
      memory = CurvatureMemory()
      direction = gradient.map { -$0 }
      slope = dot(direction, gradient)
    }
    var step = memory.isEmpty ? min(1, 1 / (-slope).squareRoot()) : 1
    var next = function(zip(point, direction).map { $0 + step * $1 })
    while !(next.value <= value + 1e-4 * step * slope), step > 1e-12 {
      step /= 2
      next = function(zip(point, direction).map { $0 + step * $1 })
    }
    // Below the precision of the value nothing falls any more.
    guard next.value <= value, step > 1e-12 else { break }
    memory.add(direction.map { step * $0 }, zip(next.gradient, gradient).map { $0 - $1 })
    point = zip(point, direction).map { $0 + step * $1 }
    (value, gradient) = next
  }
  return point
}

/// The last steps and how the gradient changed with them.
private struct CurvatureMemory {
  private var pairs: [(step: [Double], change: [Double], product: Double)] = []

  var isEmpty: Bool { pairs.isEmpty }

  mutating func add(_ step: [Double], _ change: [Double]) {
    let product = dot(step, change)
    // Only positive curvature keeps the direction one of descent.
    guard product > 1e-12 * dot(change, change).squareRoot() * dot(step, step).squareRoot() else { return }
    pairs.append((step, change, product))
    if pairs.count > 10 { pairs.removeFirst() }
  }

  func direction(_ gradient: [Double]) -> [Double] {
    var direction = gradient.map { -$0 }
    var factors: [Double] = []
    for pair in pairs.reversed() {
      let factor = dot(pair.step, direction) / pair.product
      factors.append(factor)
      for index in direction.indices { direction[index] -= factor * pair.change[index] }
    }
    if let last = pairs.last {
      let scale = last.product / dot(last.change, last.change)
      for index in direction.indices { direction[index] *= scale }
    }
    for (pair, factor) in zip(pairs, factors.reversed()) {
      let correction = factor - dot(pair.change, direction) / pair.product
      for index in direction.indices { direction[index] += correction * pair.step[index] }
    }
    return direction
  }
}

private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
