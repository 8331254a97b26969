import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// Everything that transformers + PEFT computed on the golden models, to the tolerances of METHOD 6.
@Suite("Golden") struct GoldenTests {
  static let tiny = Paths.goldenCases.filter { path in
    (try? Safetensors(path + "/batches.safetensors")) != nil
  }

  @Test("Golden: there are cases") func casesExist() { #expect(!GoldenTests.tiny.isEmpty) }

  @Test("Golden: logits", arguments: tiny) func logits(folder: String) throws {
    let golden = try GoldenCase(folder, model: folder + "/model")
    let file = try Safetensors(folder + "/batches.safetensors")
    for name in golden.modes {
      let mode = try golden.mode(name)
      for index in 0..<3 {
        let batch = try GoldenBatch(file, prefix: "b\(index).")
        let expected = try mode.expected.floats("logits.b\(index)")
        for chunkRows in [8, 1000] {
          let found = try logits(mode, batch, chunkRows: chunkRows)
          let error = difference(found, expected, batch, mode)
          #expect(error <= 2e-5, "\(folder) \(name) batch \(index)")
        }
      }
    }
  }

  @Test("Golden: hidden states", arguments: tiny) func hiddenStates(folder: String) throws {
    let golden = try GoldenCase(folder, model: folder + "/model")
    let batch = try GoldenBatch(Safetensors(folder + "/batches.safetensors"), prefix: "b0.")
    for name in golden.modes where golden.facts["modes"]![name]!["hidden"]?.bool == true {
      let mode = try golden.mode(name)
      let model = try mode.base.adapted(by: mode.adapter)
      let chunk = Chunk(mode.examples(batch), members: Array(0..<batch.count), firstRow: 0)
      var states: [Int: [Float]] = [:]
      let pass = Pass(packing: chunk.packing, rope: model.ropeTable(positions: batch.width))
      _ = model(chunk.tokens, pass) { states[$0] = $1.values }
      #expect(states.count == golden.base.configuration.layers + 1)
      for (layer, found) in states {
        let expected = try mode.expected.floats("hidden.b0.\(layer)")
        let width = model.width
        for (sequence, start) in zip(0..<batch.count, chunk.packing.starts) {
          let length = batch.lengths[sequence]
          let a = found[Int(start) * width..<(Int(start) + length) * width]
          let first = sequence * batch.width * width
          let error = largestDifference(a, expected[first..<first + length * width])
          #expect(error <= 2e-5, "\(folder) \(name) layer \(layer) sequence \(sequence)")
        }
      }
    }
  }

  @Test("Golden: losses, gradients and five optimiser steps", arguments: tiny)
  func training(folder: String) throws {
    let golden = try GoldenCase(folder, model: folder + "/model")
    let file = try Safetensors(folder + "/batches.safetensors")
    for name in golden.modes {
      let mode = try golden.mode(name)
      let batches = try (0..<3).map { mode.examples(try GoldenBatch(file, prefix: "b\($0).")) }
      let runner = StepRunner(
        model: try mode.base.adapted(by: mode.adapter), adapter: mode.adapter, threads: 2)
      let workspace = Workspace(on: mode.base.backend)
      let gradients = Gradients(like: mode.adapter.parameters, on: mode.base.backend)
      for (index, expected) in mode.facts["loss"]!.array!.enumerated() {
        gradients.clear()
        let result = runner.accumulate(
          [batches[index]], seed: 0, step: 0, into: gradients, workspace: workspace)
        #expect(abs(result.loss - expected.double!) <= 1e-5, "\(folder) \(name) batch \(index)")
        if index == 0 { try compareGradients(gradients, mode, folder) }
      }
      if mode.facts["after5"]?.bool == true {
        try fiveSteps(runner, mode, golden, batches, gradients, workspace)
      }
    }
  }

  private func compareGradients(_ gradients: Gradients, _ mode: GoldenMode, _ folder: String) throws {
    for parameter in mode.adapter.parameters {
      let expected = try mode.expected.floats("grad." + parameter.name)
      let largest = expected.reduce(0) { max($0, abs($1)) }
      let error = largestDifference(gradients[parameter].values, expected)
      #expect(error <= 2e-5 * max(largest, 1e-6), "\(folder) \(mode.name) \(parameter.name)")
    }
  }

  private func fiveSteps(
    _ runner: StepRunner, _ mode: GoldenMode, _ golden: GoldenCase, _ batches: [[EncodedExample]],
    _ gradients: Gradients, _ workspace: Workspace
  ) throws {
    let settings = golden.facts["optimizer"]!
    func number(_ name: String) -> Double { settings[name]!.double! }
    let schedule = Schedule(
      .linear, peak: number("lr"), warmup: number("warmup"), total: settings["total"]!.int!)
    var optimizer = AdamW(
      mode.adapter.parameters, beta1: Float(settings["betas"]!.array![0].double!),
      beta2: Float(settings["betas"]!.array![1].double!), epsilon: Float(number("eps")),
      weightDecay: Float(number("weight_decay")), clip: Float(number("clip")),
      on: mode.base.backend)
    for step in 0..<5 {
      gradients.clear()
      let result = runner.accumulate(
        [batches[step % 3]], seed: 0, step: step, into: gradients, workspace: workspace)
      let expected = mode.facts["step_loss"]!.array![step].double!
      #expect(abs(result.loss - expected) <= 1e-5, "\(golden.folder) \(mode.name) step \(step)")
      let rate = Float(schedule.rate(step: step))
      let norm = optimizer.update(gradients) { _ in rate }
      let expectedNorm = mode.facts["grad_norm"]!.array![step].double!
      #expect(abs(Double(norm) - expectedNorm) <= 1e-4 * expectedNorm)
    }
    // Where a gradient is nearly zero Adam divides round-off by round-off: the reference's two attention
    // implementations then differ from each other by `noise.after5`, and so much is allowed beyond 2e-5.
    let noise = Float(mode.facts["noise"]?["after5"]?.double ?? 0)
    for parameter in mode.adapter.parameters {
      let error = largestDifference(
        parameter.value.values, try mode.expected.floats("after5." + parameter.name))
      #expect(error <= 2e-5 + noise, "\(golden.folder) \(mode.name) \(parameter.name) after 5 steps")
    }
  }

  private func logits(_ mode: GoldenMode, _ batch: GoldenBatch, chunkRows: Int) throws -> [[Float]] {
    let runner = StepRunner(
      model: try mode.base.adapted(by: mode.adapter), adapter: mode.adapter, threads: 2)
    let rope = runner.model.ropeTable(positions: batch.width)
    var found = [[Float]](repeating: [], count: batch.count)
    for chunk in Batching.chunks(mode.examples(batch), rows: chunkRows) {
      let values = runner.logits(chunk, rope: rope).values
      let classes = mode.adapter.labels.count
      var row = 0
      for member in chunk.members {
        let rows = mode.adapter.recipe.task == .tokens ? batch.lengths[member] : 1
        found[member] = Array(values[row * classes..<(row + rows) * classes])
        row += rows
      }
    }
    return found
  }

  private func difference(
    _ found: [[Float]], _ expected: [Float], _ batch: GoldenBatch, _ mode: GoldenMode
  ) -> Float {
    let stride = expected.count / batch.count
    return found.enumerated().reduce(0) { largest, item in
      let first = item.offset * stride
      return max(
        largest, largestDifference(item.element, expected[first..<first + item.element.count]))
    }
  }
}
