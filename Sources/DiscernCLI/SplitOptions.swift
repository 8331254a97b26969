import ArgumentParser
import Discern

/// How the data are dealt out, where they come as a whole.
struct SplitOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Deal --data out into train/dev, or train/dev/test as 90/5/5: seeded, labels in the same shares, equal texts "
        + "together.", valueName: "shares"))
  var split: String?
  @Option(help: ArgumentHelp("Also write the parts of --split as JSON Lines.", valueName: "folder"))
  var splitOut: String?
  @Option(
    help: ArgumentHelp(
      "Train K times, each time without one of K parts, and measure on that; --out gets a run for each.",
      valueName: "k"))
  var folds: Int?

  func validate() throws {
    if let split, shares == nil {
      throw ValidationError(
        "--split: found \(split); expected two or three numbers above 0, such as 90/10 or 90/5/5.")
    }
    if split != nil, folds != nil { throw ValidationError("Give --split or --folds, not both.") }
    if splitOut != nil, split == nil { throw ValidationError("--split-out writes the parts of --split: give both.") }
    if let folds, !(2...100).contains(folds) {
      throw ValidationError("--folds: found \(folds); expected a number from 2 to 100.")
    }
  }

  /// The shares of train, dev and perhaps test.
  private var shares: [Double]? {
    guard let split else { return nil }
    let numbers = split.split(separator: "/", omittingEmptySubsequences: false).map { Double($0) ?? 0 }
    return (2...3).contains(numbers.count) && numbers.allSatisfy { $0 > 0 && $0.isFinite } ? numbers : nil
  }

  /// The names of the options that were given.
  var chosen: [String] {
    let all: [(name: String, isGiven: Bool)] = [
      ("split", split != nil), ("split-out", splitOut != nil), ("folds", folds != nil),
    ]
    return all.filter(\.isGiven).map(\.name)
  }

  /// Whether dev data come from a split.
  var makesDev: Bool { split != nil || folds != nil }

  /// The parts of a data set, where --split is given; written where --split-out says.
  func record(of dataset: Dataset, seed: UInt64, overwrite: Bool) throws -> SplitRecord? {
    guard let shares else { return nil }
    let names = Array(["train", "dev", "test"].prefix(shares.count))
    let record = try SplitRecord(dataset, names: names, shares: shares, seed: seed)
    if let splitOut { try record.write(to: splitOut, overwrite: overwrite) }
    return record
  }
}
