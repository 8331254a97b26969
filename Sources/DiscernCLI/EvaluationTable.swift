import Discern

extension Evaluation {
  /// The metrics as tables for people.
  var table: String {
    switch metrics {
    case .sequence(let scores):
      scores.table + "\nloss \(loss.fixed(4))\n"
    case .tokens(let scores) where scores.strict.overall.gold == 0:
      "tags: accuracy \(scores.accuracy.fixed(4)) (\(scores.correctTags) of \(scores.tokens))\n"
        + "loss \(loss.fixed(4))\n"
    case .tokens(let scores):
      scores.table + "loss \(loss.fixed(4))\n"
    }
  }
}
