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
    try FileSystem.write(
      JSON.object(object).serialized(pretty: true) + "\n", to: "\(path)/\(AdapterFolder.factsFile)")
  }
}
