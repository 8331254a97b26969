import Discern
import Formats

/// Whether an adapter was trained on pairs of texts, and how many texts came that are not what it knows.
struct PairExpectation {
  private let isPairs: Bool?
  private var others = 0

  /// What the facts beside an adapter say; nothing is expected where they do not, or where all kinds came.
  init(adapter: String) throws {
    let data = try AdapterFolder(adapter).facts?["data"]?["train"]
    guard let rows = data?["rows"]?.int, let pairs = data?["pairs"]?.int, pairs == 0 || pairs == rows else {
      isPairs = nil
      return
    }
    isPairs = pairs > 0
  }

  /// Counts a text.
  mutating func add(_ input: Example.Input) {
    guard let isPairs else { return }
    if case .pair = input { others += isPairs ? 0 : 1 } else { others += isPairs ? 1 : 0 }
  }

  /// What to say of texts that are not of the kind.
  var warning: String? {
    guard let isPairs, others > 0 else { return nil }
    let texts = "\(others) text\(others == 1 ? "" : "s")"
    return isPairs
      ? "\(texts) without a second one: the adapter was trained on pairs and its answers to these mean little; give pairs "
        + "as JSON objects or in columns (--text-column, --pair-column)"
      : "\(texts) with a second one: the adapter was trained on single texts"
  }
}
