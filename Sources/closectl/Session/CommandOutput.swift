import FoundationEssentials

/// What a command has to say: one JSON document, or lines for people.
struct CommandOutput {
  var status: ExitStatus = .done
  var json: String
  var text: [String]
  private(set) var isSaid = false

  init(_ document: some Encodable, text: [String], status: ExitStatus = .done) {
    self.status = status
    self.text = text
    json = closectl.json(document)
  }

  /// For a command that has written its answer already, because it was too long to be kept.
  init(saidWith status: ExitStatus) {
    self.status = status
    isSaid = true
    json = ""
    text = []
  }
}

/// Sorted keys, so that the same answer is the same bytes.
func json(_ document: some Encodable, pretty: Bool = true) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
  do {
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  } catch {
    // Answers consist of texts, whole numbers and finite rates, all of which can be encoded.
    preconditionFailure("an answer that cannot be JSON: \(error)")
  }
}

/// A value whose absence is explicit: `null`, not a missing key.
struct Known<Value: Encodable>: Encodable {
  var value: Value?
  init(_ value: Value?) { self.value = value }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let value { try container.encode(value) } else { try container.encodeNil() }
  }
}
