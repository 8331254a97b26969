extension Double {
  /// The number with so many decimals, rounded as C's `%.2f` does: to nearest on the exact binary value, ties to even.
  ///
  /// A number whose magnitude times the power of ten reaches 2^53 comes in its shortest spelling instead.
  package func fixed(_ decimals: Int) -> String {
    guard isFinite else { return isNaN ? "nan" : self < 0 ? "-inf" : "inf" }
    let scale = (0..<decimals).reduce(1.0) { power, _ in power * 10 }
    let product = magnitude * scale
    guard product < 0x1p53 else { return description }
    var whole = product.rounded(.down)
    // The product may have been rounded to a tie that the exact one is not.
    let error = (-product).addingProduct(magnitude, scale)
    let fraction = product - whole
    let isOdd = !whole.truncatingRemainder(dividingBy: 2).isZero
    if fraction > 0.5 || fraction == 0.5 && (error > 0 || error == 0 && isOdd) {
      whole += 1
    }
    var digits = String(UInt64(whole))
    if digits.utf8.count <= decimals {
      digits = String(repeating: "0", count: decimals + 1 - digits.utf8.count) + digits
    }
    let sign = self.sign == .minus ? "-" : ""
    if decimals == 0 { return sign + digits }
    return sign + digits.dropLast(decimals) + "." + digits.suffix(decimals)
  }
}

extension String {
  /// The text with spaces before it up to a width in characters.
  package func padded(left width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }

  /// The text with spaces behind it up to a width in characters.
  package func padded(right width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}
