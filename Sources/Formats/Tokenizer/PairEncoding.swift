/// Two texts as tokens, with what the tokenizer's template puts before, between and behind them.
public struct PairEncoding: Equatable, Sendable {
  /// The ids of the first text, without the template's.
  public var first: [Int32]
  /// The ids of the second text, without the template's.
  public var second: [Int32]
  /// The template's ids.
  let template: PairTemplate

  /// How many tokens come around the texts.
  public var templateCount: Int { template.count }
  /// How many tokens there are in all.
  public var length: Int { template.count + first.count + second.count }

  /// The ids in order, at most `limit` of them: the longer text is cut at its end until both are equally long, then
  /// both, as Hugging Face's `longest_first` does.
  public func joined(limit: Int) -> [Int32] {
    let (a, b) = kept(max(0, limit - template.count))
    let ids = template.prefix + first.prefix(a) + template.middle + second.prefix(b) + template.suffix
    return Array(ids.prefix(limit))
  }

  /// How many ids of each text stay.
  private func kept(_ room: Int) -> (Int, Int) {
    if first.count + second.count <= room { return (first.count, second.count) }
    var shorter = min(first.count, second.count)
    var longer = shorter > room ? shorter : max(shorter, room - shorter)
    if shorter + longer > room {
      shorter = room / 2
      longer = shorter + room % 2
    }
    return first.count > second.count ? (longer, shorter) : (shorter, longer)
  }
}

/// The ids around the texts of a pair, or around a single text.
public struct PairTemplate: Equatable, Sendable {
  /// Before the first text.
  public var prefix: [Int32] = []
  /// Between the texts.
  public var middle: [Int32] = []
  /// Behind the last text.
  public var suffix: [Int32] = []

  var count: Int { prefix.count + middle.count + suffix.count }
}

extension Tokenizer {
  /// The ids that `encode` puts around a single text.
  public var singleTemplate: PairTemplate { PairTemplate(prefix: templateOfOne.prefix, suffix: templateOfOne.suffix) }

  /// Encodes two texts, each by itself, in the tokenizer's pair template.
  ///
  /// Where the file has none, or one that puts nothing between the texts, the second text comes with the same tokens
  /// around it as the first; where these are none either, `separator` stands between, or the tokenizer's own token for
  /// the end of a text.
  public func encodePair(_ first: String, _ second: String, separator: Int32? = nil) -> PairEncoding {
    PairEncoding(
      first: encode(first, addSpecialTokens: false).ids, second: encode(second, addSpecialTokens: false).ids,
      template: pairTemplate(separator))
  }
}

extension PostProcessor {
  /// The file's template for pairs, or one after that for single texts.
  func pairTemplate(separator: Int32?) -> PairTemplate {
    if let pair, !pair.middle.isEmpty { return pair }
    let middle = suffix + prefix
    return PairTemplate(
      prefix: prefix, middle: middle.isEmpty ? separator.map { [$0] } ?? [] : middle, suffix: suffix)
  }
}
