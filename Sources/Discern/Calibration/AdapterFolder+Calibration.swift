import Formats

extension AdapterFolder {
  /// The calibration saved with the adapter, if any; throws where it is not one for its labels.
  public func calibration() throws -> Calibration? {
    guard let json = facts?["calibration"], json != .null, let labels else { return nil }
    return try Calibration(json: json, labels: labels.count, name: "\(path)/\(AdapterFolder.factsFile)")
  }

  /// Saves another calibration, or none, in `discern.json`; the weights stay as they are.
  public func replaceCalibration(_ calibration: Calibration?) throws {
    guard var object = facts?.object else {
      throw FormatError(
        path, found: "an adapter that PEFT wrote (no \(AdapterFolder.factsFile))",
        expected: "an adapter of Discern, which can hold a calibration")
    }
    object["calibration"] = calibration?.json
    var files = FileSet()
    let text = JSON.object(object).serialized(pretty: true) + "\n"
    try files.add("\(path)/\(AdapterFolder.factsFile)") { try $0.write(text) }
    let card = "\(path)/README.md"
    if FileSystem.exists(card), let old = try MappedFile(card).withBytes({ String(validating: $0, as: UTF8.self) }) {
      let new = ModelCard.replacingCalibration(in: old, with: object["calibration"])
      try files.add(card) { try $0.write(new) }
    }
    try files.commit()
  }
}
