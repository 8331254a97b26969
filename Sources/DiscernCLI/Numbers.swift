import Discern
import Glibc

extension Int {
  /// `134.5 M`, `4.9 k`, `512`.
  var abbreviated: String {
    let value = Double(self)
    switch self {
    case 1_000_000_000...: return (value / 1e9).fixed(2) + " G"
    case 1_000_000...: return (value / 1e6).fixed(1) + " M"
    case 10_000...: return (value / 1e3).fixed(1) + " k"
    default: return String(self)
    }
  }
}

extension Double {
  /// The shortest spelling, without a fraction that is zero.
  var short: String { self == rounded() && magnitude < 1e15 ? String(Int(self)) : String(self) }

  /// `8.1e-04`.
  var scientific: String {
    guard self > 0, isFinite else { return "0" }
    var exponent = Int(log10(self).rounded(.down))
    var mantissa = self / pow(10, Double(exponent))
    if mantissa >= 9.95 {
      mantissa /= 10
      exponent += 1
    }
    let digits = String(abs(exponent))
    return mantissa.fixed(1) + "e" + (exponent < 0 ? "-" : "+")
      + (digits.count < 2 ? "0" : "") + digits
  }

  /// Seconds as `0:41` or `1:02:03`.
  var clock: String {
    let seconds = Int(max(0, min(self, 3.6e6)).rounded())
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let minutes = seconds / 60 % 60
    return seconds < 3600
      ? "\(minutes):\(two(seconds % 60))" : "\(seconds / 3600):\(two(minutes)):\(two(seconds % 60))"
  }
}
