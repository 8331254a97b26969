import Compute
import Glibc

/// Texts that look to a tokenizer like written English: words by Zipf's law, numbers, marks, and some foreign letters.
///
/// Rare words are made up of syllables and fall into more tokens than real ones would, so that it errs on the slow side.
enum MadeUpProse {
  /// About 4 MB in texts of one to forty sentences.
  static let texts: [String] = {
    var writer = ProseWriter()
    var texts: [String] = []
    var size = 0
    while size < 4_000_000 {
      texts.append(writer.text())
      size += texts.last!.utf8.count
    }
    return texts
  }()
}

/// Draws words, sentences and texts.
private struct ProseWriter {
  private var random = Random(seed: 1, stream: 2)
  private let words: [String]
  /// Sums of the words' probabilities, in the order of the words.
  private let sums: [Double]

  private static let common = """
    the of and to a in is was it for on with he as his that I at by her be had not are but from they she which you one \
    we all were there would their him been has when who will more no if out so said what up its about into than them \
    can only other new some could time these two may then do first any my now such like our over man me even most made \
    after also did many before must through back years where much your way well down should because each just those \
    people how too little state good very make world still own see men work long get here between both life being
    """
  private static let foreign = ["café", "naïve", "Zürich", "São", "Ελλάδα", "Москва", "東京", "数据", "🙂", "→"]

  init() {
    var random = Random(seed: 1, stream: 3)
    var words = ProseWriter.common.split(separator: " ").map(String.init)
    while words.count < 30_000 {
      let syllables = 1 + random.integer(below: 2) + random.integer(below: 3)
      words.append((0..<syllables).map { _ in ProseWriter.syllable(&random) }.joined())
    }
    var sum = 0.0
    sums = words.indices.map { rank in
      sum += 1 / (Double(rank) + 2.7)
      return sum
    }
    self.words = words
  }

  private static func syllable(_ random: inout Random) -> String {
    let starts = "b c d f g h l m n p r s t v w st tr ch pl".split(separator: " ").map(String.init) + [""]
    let middles = ["a", "e", "i", "o", "u", "ea", "ou", "io"]
    let ends = ["", "", "n", "r", "s", "t", "l", "ng", "st", "nd"]
    return [starts, middles, ends].map { $0[random.integer(below: $0.count)] }.joined()
  }

  mutating func text() -> String {
    // Most texts are short and some are long, as in real sets.
    let sentences = min(40, 1 + Int(-4 * log(1 - random.uniform())))
    return (0..<sentences).map { _ in sentence() }.joined(separator: " ")
  }

  private mutating func sentence() -> String {
    var sentence = ""
    let count = 4 + random.integer(below: 20)
    for position in 0..<count {
      var word = self.word()
      if position == 0 { word = word.prefix(1).uppercased() + word.dropFirst() }
      sentence += position == 0 ? word : " " + word
      if position + 1 < count, random.integer(below: 12) == 0 { sentence += "," }
    }
    return sentence + [".", ".", ".", "?", "!", ":"][random.integer(below: 6)]
  }

  private mutating func word() -> String {
    switch random.integer(below: 200) {
    case 0...3: return "\(random.integer(below: 3000))"
    case 4: return ProseWriter.foreign[random.integer(below: ProseWriter.foreign.count)]
    case 5: return "\"\(commonWord())\""
    case 6: return "didn't"
    default: return commonWord()
    }
  }

  private mutating func commonWord() -> String {
    let place = random.uniform() * sums[sums.count - 1]
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] < place { low = middle + 1 } else { high = middle }
    }
    return words[low]
  }
}
