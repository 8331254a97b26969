import Compute
import Formats
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Discern

/// A stop is honoured wherever it is asked for, at once, and the run that goes on ends with the bytes of one that was
/// left alone.
@Suite("Stops") struct StopTests {
  private let base: BaseModel
  private let tokenizer: Tokenizer

  init() throws { (base, tokenizer) = try tinyModel() }

  private static func texts(_ name: String, _ count: Int, words length: Int = 8) -> Dataset {
    let words = ["the", "boat", "sailed", "over", "a", "hill", "and", "went", "home"]
    return Dataset(
      name: name,
      examples: (0..<count).map { index in
        let text = (0..<length + index % 5).map { words[(index * 7 + $0 * $0) % words.count] }.joined(separator: " ")
        return Example(input: .text(text), label: .classLabel(index % 3 == 0 ? "sea" : "hills"))
      })
  }

  /// Says stop from a certain question on, and notes what goes on before and after it.
  private final class Watch: Sendable {
    enum Phase: String, CaseIterable { case tokenising, caching, step, evaluation }

    struct State {
      var questions = 0
      var before = 0
      var phase = Phase.tokenising
      var late: [String] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    init(stopAt limit: Int) { self.limit = limit }

    var questions: Int { state.withLock { $0.questions } }
    /// Questions before the first step.
    var before: Int { state.withLock { $0.before } }
    /// What was going on when the stop was asked for.
    var phase: Phase { state.withLock { $0.phase } }
    /// What happened after it all the same.
    var late: [String] { state.withLock { $0.late } }

    func shouldStop() -> Bool {
      state.withLock { state in
        state.questions += 1
        return state.questions >= limit
      }
    }

    func observe(_ event: TrainingEvent) {
      state.withLock { state in
        if state.questions >= limit {
          state.late.append("\(event)")
          return
        }
        switch event {
        case .started, .resumed, .modelChanged: break
        case .caching: state.phase = .caching
        case .evaluating: state.phase = .evaluation
        case .step(let index, _, _, _, _, _):
          if index == 1 { state.before = state.questions }
          state.phase = .step
        case .evaluated: state.phase = .step
        }
      }
    }
  }

  private func trainer(_ change: (inout Recipe) -> Void = { _ in }) throws -> Trainer {
    var recipe = try Recipe.preset("default", task: .sequence)
    (recipe.rank, recipe.epochs, recipe.batchSize, recipe.evaluateEvery) = (4, 3, 4, 2)
    (recipe.topLayers, recipe.cache, recipe.dropout) = (2, .f32, 0.1)
    change(&recipe)
    return Trainer(base, tokenizer: tokenizer, recipe: recipe, threads: 1)
  }

  private func adapter(_ run: String) throws -> String {
    try SHA256.hexDigest(ofFile: "\(run)/adapter_model.safetensors")
  }

  @Test(arguments: [true, false])
  func atWhateverMoment(hasDev: Bool) throws {
    let folder = try TemporaryFolder()
    let trainer = try trainer()
    let train = Self.texts("train", 12)
    // So long that each text is a piece of work of its own, before which there is a question.
    let dev = hasDev ? Self.texts("dev", 12, words: 130) : nil
    let whole = Watch(stopAt: .max)
    let reference = try RunFolder("\(folder.path)/whole", recipe: trainer.recipe)
    _ = try trainer.run(
      train: train, dev: dev, into: reference, observe: { whole.observe($0) }, shouldStop: { whole.shouldStop() })

    var random = Random(seed: 3, stream: hasDev ? 1 : 2)
    var stops: [Watch.Phase: Int] = [:]
    let path = "\(folder.path)/stopped"
    var isFinished = false
    while !isFinished {
      // A run that is stopped before its steps comes no further: at times it is left alone for longer.
      let most = whole.before + (whole.questions - whole.before) / 3
      let watch = Watch(stopAt: 1 + random.integer(below: most))
      let isThere = FileSystem.exists(path)
      let run = try isThere ? RunFolder(resuming: path) : RunFolder(path, recipe: trainer.recipe)
      let before = try CheckpointFolder.lastStep(in: path) ?? 0
      do {
        _ = try trainer.run(
          train: train, dev: dev, into: run, observe: { watch.observe($0) }, shouldStop: { watch.shouldStop() })
        isFinished = true
      } catch is CancellationError {
        stops[watch.phase, default: 0] += 1
        #expect(watch.late.isEmpty, "\(watch.late)")
        if watch.phase == .evaluation {
          // The state before the evaluation: that is done again.
          #expect(FileSystem.names(in: "\(path)/checkpoints").last?.hasSuffix("-done") == false)
        }
        let after = try CheckpointFolder.lastStep(in: path)
        #expect((after ?? 0) >= before)
      }
    }
    #expect(try adapter(path) == adapter(reference.path))
    let phases = Watch.Phase.allCases.filter { hasDev || $0 != .evaluation }
    for phase in phases { #expect((stops[phase] ?? 0) > 0, "\(phase.rawValue): \(stops)") }
  }

  /// Evaluations of other data can be stopped too.
  @Test func anEvaluationEndsWhereItsProgressThrows() throws {
    let folder = try TemporaryFolder()
    let trainer = try trainer { ($0.epochs, $0.topLayers) = (1, 0) }
    let run = try RunFolder("\(folder.path)/run", recipe: trainer.recipe)
    _ = try trainer.run(train: Self.texts("train", 12), dev: nil, into: run)
    let classifier = try Classifier(adapter: run.path, model: Paths.fixture("stories260K"), threads: 2)
    let done = Mutex(0)
    let texts = Self.texts("test", 400)
    #expect(throws: CancellationError.self) {
      _ = try classifier.evaluate(
        texts, progress: { more in done.withLock { $0 += more } }, shouldStop: { done.withLock { $0 > 0 } })
    }
    #expect((1..<200).contains(done.withLock { $0 }))
    #expect(throws: CancellationError.self) {
      _ = try classifier.evaluate(texts, shouldStop: { true })
    }
  }
}
