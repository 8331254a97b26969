import Discern
import Synchronization

/// How far a training run is: a line that draws itself anew on a terminal, some plain lines elsewhere.
final class TrainProgress: Sendable {
  private let isQuiet: Bool
  private let line = ProgressLine(pause: 1)
  private let state = Mutex(State())

  fileprivate struct State {
    var steps = 1
    var epochs = 1
    var step = 0
    /// Steps of earlier sessions.
    var firstStep = 0
    var epoch = 0.0
    var rate = 0.0
    var loss = Smoothed(0.95)
    var speed = Smoothed(0.9)
    var start = Clock.seconds
    var lastStep = Clock.seconds
    var epochSeconds = 0.0
    var evaluations = 0
  }

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// Takes an event, from whatever thread.
  func observe(_ event: TrainingEvent) {
    if isQuiet { return }
    switch event {
    case .started(let steps, let epochs, _, _, _):
      state.withLock { state in
        state.steps = max(steps, 1)
        state.epochs = epochs
        (state.start, state.lastStep) = (Clock.seconds, Clock.seconds)
      }
    case .resumed(let step, _):
      state.withLock { ($0.step, $0.firstStep) = (step, step) }
    case .step(let index, let epoch, let loss, let rate, _, let tokens):
      let (share, text, epochEnd) = state.withLock { state in
        let now = Clock.seconds
        state.loss.add(loss)
        state.speed.add(Double(tokens) / max(now - state.lastStep, 1e-6))
        state.epochSeconds += now - state.lastStep
        state.lastStep = now
        (state.step, state.epoch, state.rate) = (index, epoch, rate)
        let epochEnd = epoch == epoch.rounded() ? state.epochEnd() : nil
        return (Double(index) / Double(state.steps), state.text(now), epochEnd)
      }
      line.show(share, text)
      if let epochEnd { line.print(epochEnd) }
    case .caching(let done, let count, let bytes, let folder, let seconds):
      state.withLock { $0.lastStep = Clock.seconds }
      line.showLive(0, "frozen layers: \(done) of \(count) texts")
      if done == count {
        line.print(
          "frozen layers run once: states of \(count) texts, \(bytes.inMegabytes) in \(folder ?? "memory"), "
            + "\(seconds.fixed(1)) s")
      }
    case .evaluating(let done, let count):
      let share = state.withLock { Double($0.step) / Double($0.steps) }
      line.showLive(share, "evaluating: \(done) of \(count) texts")
    case .evaluated(let step, let epoch, let evaluation, let isBest):
      state.withLock { $0.lastStep = Clock.seconds }
      line.print(Self.text(step, epoch, evaluation, isBest))
    case .modelChanged: line.clear()
    }
  }

  /// Takes the line off the screen.
  func clear() { line.clear() }

  private static func text(_ step: Int, _ epoch: Double, _ evaluation: Evaluation, _ isBest: Bool)
    -> String
  {
    let scores = evaluation.summary.map { "\($0.name) \($0.value.fixed(4))" }
    let text =
      "epoch \(epoch.fixed(epoch == epoch.rounded() ? 0 : 2))  step \(step)  dev: "
      + scores.joined(separator: "  ")
    return isBest
      ? Terminal.error.styled(text, .bold) + Terminal.error.styled("  * best so far", .green) : text
  }
}

extension TrainProgress.State {
  /// The line of an epoch that has just ended; evaluations do not count into its time.
  fileprivate mutating func epochEnd() -> String {
    defer { epochSeconds = 0 }
    return "epoch \(epoch.fixed(0))  step \(step)  loss \(loss.value.fixed(4))  \(epochSeconds.fixed(1)) s of training"
  }

  fileprivate func text(_ now: Double) -> String {
    let elapsed = now - start
    let left = elapsed / Double(max(step - firstStep, 1)) * Double(steps - step)
    return "epoch \(epoch.fixed(2))/\(epochs)  step \(step)/\(steps)  loss \(loss.value.fixed(4))"
      + "  rate \(rate.scientific)  \(speed.value.fixed(0)) tokens/s  \(left.clock) left"
  }
}

/// A running mean that forgets, without the bias of its start.
struct Smoothed {
  private let keep: Double
  private var sum = 0.0
  private var weight = 0.0

  init(_ keep: Double) { self.keep = keep }

  var value: Double { weight > 0 ? sum / weight : 0 }

  mutating func add(_ value: Double) {
    sum = keep * sum + (1 - keep) * value
    weight = keep * weight + (1 - keep)
  }
}
