import Discern

extension Evaluation {
  /// The metrics as tables for people.
  var table: String {
    switch metrics {
    case .sequence(let scores), .tags(let scores):
      scores.table + "\nloss \(loss.fixed(4))\n"
    case .multiLabel(let scores): scores.table + "\nloss \(loss.fixed(4))\n"
    case .regression(let scores): scores.table
    case .tokens(let scores):
      scores.table + "loss \(loss.fixed(4))\n"
    }
  }
}
