import Compute
import Formats
import TestSupport
import Testing

@testable import Discern

/// The losses of every task against torch, and their gradients against torch and against central differences.
@Suite struct LossReferenceTests {
  let backend = CPUBackend()
  let reference = ReferenceBackend()

  private struct Case {
    let json: JSON
    let rows: Int
    let classes: Int
    let shape: LossShape

    init(_ json: JSON) {
      self.json = json
      rows = json["rows"]!.int!
      classes = json["classes"]!.int!
      shape = LossShape(
        classWeights: json["weights"]!.floats, smoothing: Float(json["smoothing"]!.double!),
        gamma: Float(json["gamma"]!.double!))
    }

    /// Torch divides by the sum of the weights of the labels, or by the number of targets.
    var weight: Float {
      guard let labels = json["labels"]?.ints else { return 1 / Float(rows * classes) }
      let weights = json["weights"]!.doubles
      return Float(1 / labels.reduce(0) { $0 + (weights.isEmpty ? 1 : weights[$1]) })
    }

    func loss(_ logits: Tensor) -> (loss: Double, dLogits: Tensor) {
      if let labels = json["labels"]?.ints {
        return Ops.crossEntropy(logits, labels: labels.map(Int32.init), shape, weight: weight)
      }
      let targets = json["targets"]!.floats
      if json["kind"]!.string == "binary" {
        return Ops.binaryCrossEntropy(logits, targets: targets, shape, weight: weight)
      }
      let (loss, dy) = Ops.squaredError(logits, targets: targets, weight: weight)
      return (loss, dy)
    }
  }

  @Test func agreeWithTorch() {
    let cases = TasksFixture.cases("losses")
    #expect(cases.count == 11)
    for json in cases {
      let entry = Case(json)
      for backend in [backend as any Backend, reference] {
        let logits = Tensor(json["logits"]!.floats, rows: entry.rows, columns: entry.classes, on: backend)
        let (loss, dLogits) = entry.loss(logits)
        #expect(abs(loss - json["loss"]!.double!) < 1e-6, "\(json.name)")
        #expect(agree(dLogits.values.map(Double.init), json["gradient"]!.doubles, tolerance: 1e-7), "\(json.name)")
      }
    }
  }

  @Test func gradientsAreThoseOfCentralDifferences() {
    for json in TasksFixture.cases("losses") {
      let entry = Case(json)
      let error = GradientCheck.error([(entry.rows, entry.classes)], on: reference) { inputs in
        let (loss, dLogits) = entry.loss(inputs[0])
        let value = Tensor(doubles: [loss], rows: 1, columns: 1, on: reference)
        return (
          value,
          { dy in
            let scaled = dLogits.doubles.map { $0 * dy[0, 0] }
            return [Tensor(doubles: scaled, rows: entry.rows, columns: entry.classes, on: reference)]
          }
        )
      }
      #expect(error < GradientTests.tolerance, "\(json.name)")
    }
  }

  @Test func extremeLogitsStayFinite() {
    let logits = Tensor([500, -500, 0, -500, 500, 0], rows: 2, columns: 3, on: backend)
    for shape in [LossShape(smoothing: 0.1), LossShape(gamma: 2), LossShape(classWeights: [1, 2, 3], gamma: 0.5)] {
      let classes = Ops.crossEntropy(logits, labels: [0, 0], shape, weight: 1)
      #expect(classes.loss.isFinite && classes.dLogits.values.allSatisfy(\.isFinite))
      let labels = Ops.binaryCrossEntropy(logits, targets: [1, 0, 1, 1, 0, 0], shape, weight: 1)
      #expect(labels.loss.isFinite && labels.dLogits.values.allSatisfy(\.isFinite))
    }
  }

  @Test func unlabelledRowsCostNothing() {
    let logits = Tensor([1, 2, 3, 4], rows: 2, columns: 2, on: backend)
    let (loss, dLogits) = Ops.crossEntropy(logits, labels: [-1, -1], LossShape(gamma: 1), weight: 1)
    #expect(loss == 0 && dLogits.values == [0, 0, 0, 0])
  }
}

@Suite struct ClassWeightsTests {
  private let labels = LabelSet(["a", "b", "c"])

  private func example(_ label: Int32) -> EncodedExample { EncodedExample(tokens: [1], rows: [0], labels: [label]) }

  @Test func spellings() throws {
    #expect(try ClassWeights("none") == .none && ClassWeights("balanced") == .balanced)
    let given = ClassWeights.given([("a", 2), ("b=c", 0.5)])
    #expect(try ClassWeights("a=2, b=c=0.5") == given)
    #expect(try ClassWeights(#"{"a": 2, "b=c": 0.5}"#) == given)
    #expect(try ClassWeights(given.description) == given)
    for wrong in ["", "balance", "a", "a=", "=2", "a=-1", "a=x", "a=1,a=2", "{", "{}", #"{"a": "x"}"#] {
      #expect(throws: DiscernError.self, "\(wrong)") { try ClassWeights(wrong) }
    }
  }

  @Test func balancedAsScikitLearn() throws {
    // compute_class_weight("balanced", classes=[0, 1], y=[0, 0, 0, 1]): 4 / (2 · 3) and 4 / (2 · 1).
    let examples = [example(0), example(0), example(0), example(1)]
    let weights = try ClassWeights.balanced.values(labels, examples, .classes)
    #expect(weights == [Float(4.0 / 6), 2, 1])
    var texts = examples
    for (index, targets) in [[1, 0, 0], [1, 0, 0], [0, 0, 0], [1, 1, 0]].enumerated() {
      (texts[index].labels, texts[index].targets) = ([], targets.map { Float($0) })
    }
    #expect(try ClassWeights.balanced.values(labels, texts, .binary) == [Float(1.0 / 3), 3, 1])
  }

  @Test func namedWeightsMustBeLabels() throws {
    #expect(try ClassWeights("b=3").values(labels, [], .classes) == [1, 3, 1])
    #expect(throws: DiscernError.self) { try ClassWeights("d=3").values(labels, [], .classes) }
  }

  @Test func recipeFilesHoldThem() throws {
    let file = try RecipeFile(yaml: "class_weights:\n  a: 2\n  rare one: 0.5\n", name: "recipe.yaml")
    let recipe = try Recipe.resolved(file: file)
    #expect(recipe.classWeights == .given([("a", 2), ("rare one", 0.5)]))
    let saved = try Recipe.resolved(file: RecipeFile(yaml: recipe.yaml, name: "saved.yaml"))
    #expect(saved == recipe)
    #expect(try Recipe(json: recipe.json, name: "facts") == recipe)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    for (task, setting, value) in [
      ("regression", "class_weights", "balanced"), ("regression", "focal_gamma", "2"), ("regression", "metric", "f1"),
      ("sequence", "metric", "mse"),
    ] {
      let recipe = try Recipe.resolved(chosen: [("task", task), (setting, value)])
      #expect(throws: DiscernError.self, "\(setting) \(task)") { try recipe.checkObjective() }
    }
    var both = Recipe()
    (both.labelSmoothing, both.focalGamma) = (0.1, 2)
    #expect(throws: DiscernError.self) { try both.checkObjective() }
  }
}
