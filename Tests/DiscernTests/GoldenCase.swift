import Compute
import Discern
import Formats

@testable import Discern

/// One folder of goldens: a model, adapters, batches, and what transformers + PEFT made of them.
struct GoldenCase {
  let folder: String
  let facts: JSON
  let base: BaseModel

  init(_ folder: String, model: String) throws {
    self.folder = folder
    facts = try JSON(contentsOf: folder + "/case.json", limit: 1 << 24)
    base = try BaseModel(try openCheckpoint(model), on: CPUBackend())
  }

  var modes: [String] { facts["modes"]?.object?.keys ?? [] }

  func mode(_ name: String) throws -> GoldenMode { try GoldenMode(name, of: self) }
}

/// One mode of a case: a task, a mask, a pooling, and the expected numbers.
struct GoldenMode {
  let name: String
  let facts: JSON
  let base: BaseModel
  let adapter: Adapter
  let expected: Safetensors
  let isPaperPadded: Bool
  let padding: Int32

  init(_ name: String, of golden: GoldenCase) throws {
    self.name = name
    base = golden.base
    facts = golden.facts["modes"]![name]!
    expected = try Safetensors(golden.folder + "/\(name).safetensors")
    isPaperPadded = name.hasSuffix("officialpad")
    padding = Int32(golden.facts["pad_token_id"]?.int ?? 0)
    let isTokens = facts["task"]!.string == "token"
    let folder = try AdapterFolder(golden.folder + (isTokens ? "/adapter-tok" : "/adapter-seq"))
    var recipe = folder.recipe
    recipe.attention = facts["unmask"]!.bool! ? .unmasked(from: 0) : .causal
    switch facts["pooling"]!.string {
    case "hmax": recipe.pooling = .hiddenMax
    case let text?: recipe.pooling = Pooling(rawValue: text)!
    case nil: break
    }
    recipe.headDropout = 0
    let saved = try folder.adapter(for: golden.base)
    adapter = Adapter(
      recipe, labels: saved.labels,
      values: Dictionary(uniqueKeysWithValues: saved.parameters.map { ($0.name, $0.value) }),
      layers: golden.base.configuration.layers, scale: { saved.pairs[$0]!.scale })
  }

  /// A right-padded batch of the reference as packed examples; every real token is asked in a tagging task.
  func examples(_ batch: GoldenBatch) -> [EncodedExample] {
    (0..<batch.count).map { index in
      let length = batch.lengths[index]
      var tokens = Array(batch.ids[index][..<length])
      if isPaperPadded { tokens = batch.ids[index] }
      let isTokens = adapter.recipe.task == .tokens
      let rows = isTokens ? Array(0..<Int32(length)) : [Int32(length - 1)]
      let labels = isTokens ? Array(batch.tokenLabels[index][..<length]) : [batch.labels[index]]
      return EncodedExample(tokens: tokens, rows: rows, labels: labels)
    }
  }
}

/// A right-padded batch as the reference stores it.
struct GoldenBatch {
  let ids: [[Int32]]
  let lengths: [Int]
  let labels: [Int32]
  let tokenLabels: [[Int32]]
  var count: Int { ids.count }
  var width: Int { ids[0].count }

  /// `prefix` is `b0.` … in the tiny cases; the smol case has one batch without a prefix and one `labels`.
  init(_ file: Safetensors, prefix: String, labels name: String? = nil) throws {
    func integers(_ name: String) throws -> ([Int32], [Int]) {
      let tensor = try file.tensor(prefix + name)
      return (tensor.bytes.bindMemory(to: Int64.self).map { Int32($0) }, tensor.shape)
    }
    func rows(_ values: [Int32], _ width: Int) -> [[Int32]] {
      stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }
    let (ids, shape) = try integers("input_ids")
    self.ids = rows(ids, shape[1])
    lengths = rows(try integers("attention_mask").0, shape[1]).map { Int($0.reduce(0, +)) }
    if let name {
      let (values, labelShape) = try integers(name)
      labels = labelShape.count == 1 ? values : []
      tokenLabels = labelShape.count == 2 ? rows(values, shape[1]) : []
    } else {
      labels = try integers("seq_labels").0
      tokenLabels = rows(try integers("tok_labels").0, shape[1])
    }
  }
}

extension Safetensors {
  func floats(_ name: String) throws -> [Float] {
    Array(try tensor(name).bytes.bindMemory(to: Float.self))
  }
}

func largestDifference(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Float {
  precondition(a.count == b.count, "\(a.count) values against \(b.count)")
  // A NaN must not pass for a small difference.
  return zip(a, b).reduce(0) { largest, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(largest, difference)
  }
}
