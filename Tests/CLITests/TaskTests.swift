import Formats
import Foundation
import Testing

/// Multi-label and regression through the whole command: train, evaluate, predict, inspect, merge.
@Suite struct TaskTests {
  static let labelData = Runs.file(
    "labels.jsonl",
    Runs.texts.enumerated().map { index, item in
      let labels = ["\"\(item.label)\""] + (index % 3 == 0 ? ["\"third\""] : [])
      return "{\"text\": \"\(item.text)\", \"labels\": [\(index == 5 ? "" : labels.joined(separator: ", "))]}\n"
    }.joined())

  static let numberData = Runs.file(
    "numbers.csv",
    "first,second,score,age\n"
      + Runs.texts.enumerated().map { "\"\($1.text)\",a text,\($1.label == "sea" ? 1 : -1),\($0)\n" }.joined())

  private func train(_ name: String, _ arguments: [String]) throws -> String {
    let out = "\(Runs.folder)/\(name)"
    let result = try Command.run(["train", "--model", Runs.model, "--out", out] + Runs.options + arguments)
    #expect(result.code == 0, "\(result.errors)")
    return out
  }

  private func json(_ text: some StringProtocol) throws -> JSON {
    try JSON(parsing: Array(text.utf8), name: "output")
  }

  @Test func severalLabels() throws {
    let run = try train(
      "labels",
      [
        "--task", "multi-label", "--data", Self.labelData, "--dev", Self.labelData, "--class-weights", "balanced",
        "--epochs", "30", "--learning-rate", "5e-3",
      ])
    let evaluation = try json(Command.run(["evaluate", run, "--data", Self.labelData, "--json"]).output)
    #expect(evaluation["accuracy"]!.double! > 0.8)
    #expect(evaluation["per_class"]?["third"]?["support"]?.int == 4)
    let text = Runs.texts[0].text
    let answer = try json(Command.run(["predict", run, text, "--json"]).output)
    #expect(answer["labels"] == ["sea", "third"])
    let probabilities = (answer["probabilities"]?.object?.members ?? []).compactMap(\.value.double)
    #expect(probabilities.reduce(0, +) > 1.1 && probabilities.count == 3)
    let line = try Command.run(["predict", run, text]).output
    #expect(line.hasPrefix("sea;third\t") && line.hasSuffix("\t\(text)\n"))
    // The same rows with a column for each label, found by the names of training.
    let columns = Runs.file("columns.csv", "text,hills,sea,third\n\"\(text)\",0,1,1\n")
    let again = try json(Command.run(["evaluate", run, "--data", columns, "--json"]).output)
    #expect(again["accuracy"]?.double == 1)
    let inspected = try json(Command.run(["inspect", run, "--json"]).output)
    #expect(inspected["task"]?.string == "multi-label")
    let merged = run + "-merged"
    #expect(try Command.run(["merge", run, "--out", merged]).code == 0)
    let configuration = try JSON(contentsOf: merged + "/config.json", limit: 1 << 20)
    #expect(configuration["problem_type"]?.string == "multi_label_classification")
    let peft = try JSON(contentsOf: run + "/adapter_config.json", limit: 1 << 20)
    #expect(peft["task_type"]?.string == "SEQ_CLS")
    let readme = try String(contentsOf: URL(filePath: run + "/README.md"), encoding: .utf8)
    #expect(readme.contains("problem_type=\"multi_label_classification\""))
  }

  @Test func numbersOfPairs() throws {
    let columns = ["--text-column", "first", "--pair-column", "second"]
    let targets = ["--label-column", "score", "--label-column", "age"]
    let run = try train(
      "numbers", ["--task", "regression", "--data", Self.numberData, "--dev", Self.numberData] + columns + targets)
    let result = try Command.run(["evaluate", run, "--data", Self.numberData, "--json"] + columns)
    let evaluation = try json(result.output)
    #expect(evaluation["per_target"]?.object?.keys == ["score", "age"])
    #expect(evaluation["mse"]?.double != nil && evaluation["spearman"] != nil)
    let answers = try Command.run(["predict", run, "--data", Self.numberData, "--json"] + columns).output
    let first = try json(answers.split(separator: "\n")[0])
    #expect(first["values"]?.object?.keys == ["score", "age"])
    let answer = try json(
      Command.run(["predict", run, "-"] + columns, input: "{\"first\": \"a\", \"second\": \"b\"}\n").output)
    #expect(answer["values"]?["age"]?.double != nil && answer["second"]?.string == "b")
    let merged = run + "-merged"
    #expect(try Command.run(["merge", run, "--out", merged]).code == 0)
    #expect(try JSON(contentsOf: merged + "/config.json", limit: 1 << 20)["problem_type"]?.string == "regression")
    let inspected = try Command.run(["inspect", Self.numberData, "--task", "regression"] + columns + targets).output
    #expect(inspected.contains("score -1 to 1, mean 0.0000"))
    #expect(try Command.run(["predict", run, "a", "--top", "2"]).code == 64)
  }

  @Test func aFieldOverSpansInWindows() throws {
    let rows = ["Anna", "Tom", "Mia"].map { name in
      "{\"text\": \"\(name) went to New York.\", \"spans\": [{\"start\": 0, \"end\": \(name.count), \"label\": "
        + "\"PERSON\"}, {\"start\": \(name.count + 9), \"end\": \(name.count + 16), \"label\": \"PLACE\"}]}\n"
    }
    let data = Runs.file("spans.jsonl", rows.joined())
    let arguments = ["--task", "tokens", "--data", data, "--dev", data, "--head", "crf", "--overflow", "window"]
    let run = try train("field", arguments + ["--max-length", "12", "--epochs", "3"])
    #expect(FileManager.default.fileExists(atPath: run + "/crf.safetensors"))
    let told = try Command.run(["evaluate", run, "--data", data])
    // "New Yor" misses the border of its word: said with its place, and still counted.
    #expect(told.code == 0 && told.errors.contains("3 spans: each misses word borders"))
    #expect(told.errors.contains("spans.jsonl:1 "))
    let evaluation = try json(Command.run(["evaluate", run, "--data", data, "--json"]).output)
    #expect(evaluation["strict"]?["gold"]?.int == 6 && evaluation["data"]?["windowed_texts"]?.int == 3)
    // The same bytes again, and after loading in another process.
    let again = try train("field-again", arguments + ["--max-length", "12", "--epochs", "3", "--threads", "1"])
    for file in ["/crf.safetensors", "/adapter_model.safetensors"] {
      #expect(try Data(contentsOf: URL(filePath: run + file)) == Data(contentsOf: URL(filePath: again + file)))
    }
    for decode in ["viterbi", "greedy"] {
      let answer = try json(Command.run(["predict", run, "Tom went.", "--json", "--decode", decode]).output)
      #expect(answer["entities"] != nil)
    }
    let readme = try String(contentsOf: URL(filePath: run + "/README.md"), encoding: .utf8)
    #expect(readme.contains("crf.safetensors"))
    try FileManager.default.removeItem(atPath: again + "/crf.safetensors")
    let lost = try Command.run(["predict", again, "Tom went."])
    #expect(lost.code == 66 || lost.code == 65)
    #expect(lost.errors.contains("crf.safetensors"))
    #expect(try Command.run(["predict", Runs.classifier, "a", "--decode", "greedy"]).code == 64)
  }

  @Test func whatTheTaskCannotDo() throws {
    let wrong = try Command.run([
      "train", "--model", Runs.model, "--out", "\(Runs.folder)/none", "--task", "regression", "--data", Self.numberData,
      "--metric", "f1",
    ])
    #expect(wrong.code == 78 && wrong.errors.contains("mse, mae, r2"))
    let unlabelled = try Command.run([
      "train", "--model", Runs.model, "--out", "\(Runs.folder)/none", "--task", "multi-label", "--data",
      Runs.sequenceData,
    ])
    #expect(unlabelled.code == 65 && unlabelled.errors.contains("name it as the label column"))
  }
}
