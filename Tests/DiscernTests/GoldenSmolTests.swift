import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// The same on the real SmolLM2-135M, where its weights are at hand.
///
/// Thirty layers of float32 add up: the reference's own two attention implementations differ by up to 6e-4 in hidden
/// states as large as 52, and both from float64. `smol_noise.json` (by Scripts/reference/smol_noise.py) holds these
/// distances; we must be within 2e-5 beyond them.
@Suite("Golden SmolLM2", .serialized, .enabled(if: Paths.smolLM2 != nil)) struct GoldenSmolTests {
  static let cases = Paths.goldenCases.filter { path in
    (try? Safetensors(path + "/batches.safetensors")) == nil
  }

  private func tolerance(_ kind: String, _ mode: GoldenMode) throws -> Float {
    let noise = try JSON(contentsOf: Paths.fixture("smol_noise.json"), limit: 1 << 16)
    return 2e-5 + Float(noise[mode.name]?[kind]?.double ?? 0)
  }

  @Test("Golden SmolLM2: hidden states, logits, gradients, losses", arguments: cases)
  func everything(folder: String) throws {
    let golden = try GoldenCase(folder, model: Paths.smolLM2!)
    for name in golden.modes {
      let mode = try golden.mode(name)
      let batch = try GoldenBatch(mode.expected, prefix: "", labels: "labels")
      try compareStates(mode, batch)
      try compareTraining(mode, batch)
    }
  }

  private func compareStates(_ mode: GoldenMode, _ batch: GoldenBatch) throws {
    let model = try mode.base.adapted(by: mode.adapter)
    let chunk = Chunk(mode.examples(batch), members: Array(0..<batch.count), firstRow: 0)
    let pass = Pass(packing: chunk.packing, rope: model.ropeTable(positions: batch.width))
    let (hidden, _) = model(chunk.tokens, pass)
    let (logits, _) = mode.adapter.head(hidden, rows: chunk.rows, pass)
    let isTokens = mode.adapter.recipe.task == .tokens
    let states = try mode.expected.floats("hidden")
    let answers = try mode.expected.floats("logits")
    let (found, foundLogits) = (hidden.values, logits.values)
    let (width, classes) = (model.width, logits.columns)
    for (sequence, start) in zip(0..<batch.count, chunk.packing.starts.map(Int.init)) {
      let length = batch.lengths[sequence]
      let first = sequence * batch.width
      let error = largestDifference(
        found[start * width..<(start + length) * width],
        states[first * width..<(first + length) * width])
      #expect(try error <= tolerance("hidden", mode), "\(mode.name): hidden states of sequence \(sequence)")
      let rows = isTokens ? start..<start + length : sequence..<sequence + 1
      let firstAnswer = isTokens ? first : sequence
      let logitError = largestDifference(
        foundLogits[rows.lowerBound * classes..<rows.upperBound * classes],
        answers[firstAnswer * classes..<(firstAnswer + rows.count) * classes])
      #expect(try logitError <= tolerance("logits", mode), "\(mode.name): logits of sequence \(sequence)")
    }
  }

  private func compareTraining(_ mode: GoldenMode, _ batch: GoldenBatch) throws {
    let runner = StepRunner(
      model: try mode.base.adapted(by: mode.adapter), adapter: mode.adapter, threads: 2)
    let workspace = Workspace(on: mode.base.backend)
    let gradients = Gradients(like: mode.adapter.parameters, on: mode.base.backend)
    let schedule = Schedule(.linear, peak: 1e-4, warmup: 0, total: 10)
    var optimizer = AdamW(mode.adapter.parameters, on: mode.base.backend)
    let norms = mode.facts["param_grad_norm"]!
    for step in 0..<5 {
      gradients.clear()
      let result = runner.accumulate(
        [mode.examples(batch)], seed: 0, step: step, into: gradients, workspace: workspace)
      let expected = mode.facts["step_loss"]!.array![step].double!
      #expect(abs(result.loss - expected) <= 1e-5, "\(mode.name): loss of step \(step)")
      if step == 0 {
        for parameter in mode.adapter.parameters {
          try compareGradient(gradients[parameter], parameter, norms, mode)
        }
      }
      let rate = Float(schedule.rate(step: step))
      optimizer.update(gradients) { _ in rate }
    }
  }

  private func compareGradient(
    _ gradient: Tensor, _ parameter: Parameter, _ norms: JSON, _ mode: GoldenMode
  ) throws {
    let norm = gradient.backend.sumOfSquares(gradient).squareRoot()
    let expectedNorm = norms[parameter.name]!.double!
    #expect(abs(norm - expectedNorm) <= 1e-4 * expectedNorm, "\(mode.name): \(parameter.name)")
    let name = "grad." + parameter.name
    guard mode.expected.contains(name) else { return }
    let expected = try mode.expected.floats(name)
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let error = largestDifference(gradient.values, expected)
    #expect(try error <= tolerance("gradient", mode) * largest, "\(mode.name): gradient of \(parameter.name)")
  }
}
