import Compute
import Formats

/// Examples dealt out to parts: seeded, with the labels in the shares of the parts, and equal texts together.
///
/// Texts that are equal as `ComparableText` go to one part, so that none stands in two. The rows of each label (in
/// tagging, the sentences with each type of entity or each tag) are dealt out in the shares, the rarest label first
/// (iterative stratification: Sechidis et al. 2011), and so are those without any; numbers are dealt out by the tenth of
/// their target's values that they belong to. The result depends on the examples,
/// the shares and the seed alone.
public struct DataSplit: Equatable, Sendable {
  /// For each part the positions of its examples, in the order of the data.
  public let parts: [[Int]]

  /// Deals out the examples of a data set; throws where a part would get none.
  public init(_ dataset: Dataset, shares: [Double], seed: UInt64) throws {
    precondition(shares.count > 1 && shares.allSatisfy { $0 > 0 }, "two parts or more, each with a share")
    let total = shares.reduce(0, +)
    var dealer = Dealer(Self.groups(dataset), shares: shares.map { $0 / total }, seed: seed)
    let partOfGroup = dealer.deal()
    var parts = [[Int]](repeating: [], count: shares.count)
    for (group, part) in zip(dealer.groups, partOfGroup) { parts[part] += group.rows }
    if let empty = parts.firstIndex(where: \.isEmpty) {
      throw DiscernError(
        .data,
        "\(dataset.name): \(dataset.examples.count) rows with \(dealer.groups.count) different texts leave nothing for "
          + "part \(empty + 1) of \(shares.count); give more data or fewer parts")
    }
    self.parts = parts.map { $0.sorted() }
  }

  /// Rows that stay together, with how many of them have each label.
  struct Group {
    var rows: [Int] = []
    private(set) var labels: [(label: Int, count: Int)] = []

    /// Counts the labels of its rows.
    fileprivate mutating func count(_ all: [Int]) {
      for label in all.sorted() {
        if labels.last?.label == label {
          labels[labels.count - 1].count += 1
        } else {
          labels.append((label, 1))
        }
      }
    }
  }

  /// The rows of each text, in the order of their first.
  private static func groups(_ dataset: Dataset) -> [Group] {
    var places: [UInt64: Int] = [:]
    var groups: [Group] = []
    var identifiers: [JSONString: Int] = [:]
    let strata = QuantileStrata(dataset.examples)
    var labelsOfGroups: [[Int]] = []
    for (row, example) in dataset.examples.enumerated() {
      let text = ComparableText(example.input.text).hash
      let place = places[text] ?? groups.count
      if place == groups.count {
        groups.append(Group())
        labelsOfGroups.append([])
        places[text] = place
      }
      groups[place].rows.append(row)
      for name in Set(example.stratifiedLabels(strata).map { JSONString($0) }).sorted() {
        let label = identifiers[name] ?? identifiers.count
        identifiers[name] = label
        labelsOfGroups[place].append(label)
      }
    }
    for (place, labels) in labelsOfGroups.enumerated() { groups[place].count(labels) }
    return groups
  }
}

/// Deals groups out, one label after the other.
private struct Dealer {
  let groups: [DataSplit.Group]
  private let order: [Int]
  private var byLabel: [[Int]] = []
  /// Rows that a part should still get, of each label and in all.
  private var wanted: [[Double]]
  private var wantedRows: [Double]
  private var parts: [Int?]

  init(_ groups: [DataSplit.Group], shares: [Double], seed: UInt64) {
    self.groups = groups
    var order = Array(groups.indices)
    var random = Random(seed: seed, stream: RandomStream.splitting)
    random.shuffle(&order)
    // Large groups first: what is left evens them out.
    self.order = order.enumerated()
      .sorted { (groups[$1.element].rows.count, $0.offset) < (groups[$0.element].rows.count, $1.offset) }
      .map(\.element)
    parts = [Int?](repeating: nil, count: groups.count)
    let labels = 1 + (groups.flatMap { $0.labels.map(\.label) }.max() ?? -1)
    byLabel = [[Int]](repeating: [], count: labels)
    var counts = [Int](repeating: 0, count: labels)
    for group in self.order {
      for (label, count) in groups[group].labels {
        byLabel[label].append(group)
        counts[label] += count
      }
    }
    wanted = shares.map { share in counts.map { Double($0) * share } }
    let rows = groups.reduce(0) { $0 + $1.rows.count }
    wantedRows = shares.map { Double(rows) * $0 }
  }

  /// The part of each group.
  mutating func deal() -> [Int] {
    var left = RarestFirst(byLabel.map(\.count))
    while let label = left.rarest {
      for group in byLabel[label] where parts[group] == nil {
        give(group, to: bestPart(for: label))
        for (other, _) in groups[group].labels { left.decrease(other) }
      }
    }
    for group in order where parts[group] == nil { give(group, to: bestPart(for: nil)) }
    return parts.map { $0! }
  }

  /// The part that lacks most rows of a label; of those that lack as many, the one that lacks most rows.
  private func bestPart(for label: Int?) -> Int {
    wantedRows.indices.max { a, b in
      let (lackA, lackB) = (label.map { wanted[a][$0] } ?? 0, label.map { wanted[b][$0] } ?? 0)
      return (lackA, wantedRows[a], -a) < (lackB, wantedRows[b], -b)
    }!
  }

  private mutating func give(_ group: Int, to part: Int) {
    parts[group] = part
    wantedRows[part] -= Double(groups[group].rows.count)
    for (label, count) in groups[group].labels { wanted[part][label] -= Double(count) }
  }
}

/// Counts of labels of which the smallest that is not zero is known at any time: a tree of matches, the winner on top.
private struct RarestFirst {
  private var counts: [Int]
  /// The label that wins among those below; node n has the nodes 2n and 2n + 1 below it, labels stand at the bottom.
  private var winners: [Int?]
  private let width: Int

  init(_ counts: [Int]) {
    self.counts = counts
    var width = 1
    while width < counts.count { width *= 2 }
    self.width = width
    winners = Array(repeating: nil, count: width) + counts.indices.map { counts[$0] > 0 ? $0 : nil }
    winners += Array(repeating: nil, count: 2 * width - winners.count)
    for node in (1..<width).reversed() { play(node) }
  }

  /// The label with the smallest count above zero, of equals the first.
  var rarest: Int? { winners[1] }

  mutating func decrease(_ label: Int) {
    counts[label] -= 1
    var node = width + label
    if counts[label] == 0 { winners[node] = nil }
    while node > 1 {
      node /= 2
      play(node)
    }
  }

  private mutating func play(_ node: Int) {
    guard let a = winners[2 * node], let b = winners[2 * node + 1] else {
      winners[node] = winners[2 * node] ?? winners[2 * node + 1]
      return
    }
    winners[node] = counts[b] < counts[a] ? b : a
  }
}

extension Example {
  /// What is dealt out evenly: the label, or the tenths that numbers belong to, or the types of the entities, or the tags.
  fileprivate func stratifiedLabels(_ strata: QuantileStrata) -> [String] {
    switch label {
    case .none: return []
    case .classLabel(let name): return [name]
    case .labels(let names): return names
    case .values(let values): return strata.labels(of: values)
    case .tags(let tags):
      let spans = Span.lenient(tags)
      return spans.isEmpty ? tags : spans.map(\.label)
    }
  }
}
