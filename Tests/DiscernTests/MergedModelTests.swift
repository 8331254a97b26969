import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// A merged model is the base with the adapter, within float32's round-off.
@Suite("Merged model") struct MergedModelTests {
  @Test(arguments: [(Dataset.Task.sequence, "causal"), (.tokens, "unmasked")])
  func mergedIsBasePlusAdapter(task: Dataset.Task, attention: String) throws {
    let checkpoint = try openCheckpoint(Paths.fixture("stories260K"))
    let base = try BaseModel(checkpoint, on: CPUBackend())
    let tokenizer = try checkpoint.tokenizer()
    let pattern = try AttentionPattern(attention)
    var recipe = try Recipe.preset("default", task: task, attention: pattern)
    recipe.pooling = .last
    let labels = task == .tokens ? ["O", "B-X", "I-X"] : ["no", "yes"]
    let adapter = try Adapter(recipe, labels: labels, for: base.configuration, on: base.backend)
    var random = Random(seed: 4, stream: 4)
    for parameter in adapter.parameters {
      let values = parameter.value.values.map { $0 + Float(0.05 * random.normal()) }
      parameter.value.backend.write(values, into: parameter.value)
    }
    let classifier = try Classifier(base, adapter, tokenizer: tokenizer)
    let folder = try TemporaryFolder()
    let path = folder.path + "/merged"
    _ = try Merge(classifier).write(to: path)

    let merged = try openCheckpoint(path)
    #expect(merged.configuration.isCausal == (attention == "causal"))
    #expect(merged.configuration.labels == labels)
    var values: [String: Tensor] = [:]
    for name in ["score.weight", "score.bias"] where merged.names.contains(name) {
      let tensor = try merged.tensor(name)
      let floats = tensor.withBytes { Array($0.bindMemory(to: Float.self)) }
      let rows = tensor.shape.count == 2 ? tensor.shape[0] : 1
      values["base_model.model." + name] = Tensor(
        floats, rows: rows, columns: floats.count / rows, on: base.backend)
    }
    let mergedBase = try BaseModel(merged, on: base.backend)
    let head = Adapter(
      recipe, labels: labels, values: values, layers: base.configuration.layers, scale: { _ in 1 })
    let plain = try Classifier(mergedBase, head, tokenizer: try merged.tokenizer())
    let text = Example(input: .text("Once upon a time, there was a little girl."))
    let expected = classifier.logits([classifier.encoder.encode(text).example])[0].joined()
    let found = plain.logits([plain.encoder.encode(text).example])[0].joined()
    #expect(largestDifference(Array(found), Array(expected)) <= 1e-4)
  }
}
