import ArgumentParser
import Broker
import FoundationEssentials
import Ledger
import Operations
import Payments
import Services

/// What a command has to say: one JSON document, or lines for people.
struct CommandOutput {
  var status: ExitStatus = .done
  var json: String
  var text: [String]
  private(set) var isWritten = false

  init(_ document: some Encodable, text: [String], status: ExitStatus = .done) {
    self.status = status
    self.text = text
    json = closectl.json(document)
  }

  /// For a command that has written its output already, because it was too long to be kept.
  init(alreadyWrittenWith status: ExitStatus) {
    self.status = status
    isWritten = true
    json = ""
    text = []
  }
}

/// Sorted keys, so that the same result is the same bytes.
func json(_ document: some Encodable, pretty: Bool = true) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
  do {
    return String(decoding: try encoder.encode(document), as: UTF8.self)
  } catch {
    // Documents consist of texts, whole numbers and finite rates, all of which can be encoded.
    preconditionFailure("a document that cannot be JSON: \(error)")
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

/// What scripts may rely on.
enum ExitStatus: Int32 {
  case done = 0
  case problem = 1
  case usage = 2
  case unreachable = 3

  init(of error: any Error) {
    switch error {
    case let error as StoreError: self = error.exitStatus
    case let error as BrokerError: self = error.exitStatus
    case is GatewayListFault, is OutputFault: self = .unreachable
    case is SettingsError, is PaymentGatewayError, is Misuse, is UnknownVerb: self = .usage
    case AuditFault.positionAhead: self = .usage
    default:
      switch Closectl.exitCode(for: error) {
      case .success: self = .done
      case .validationFailure: self = .usage
      default: self = .problem
      }
    }
  }
}

/// A command that was used wrongly in a way the parser cannot see.
struct Misuse: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

/// Something is not as it should be; the sentence says what.
struct Problem: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension StoreError {
  var exitStatus: ExitStatus {
    switch self {
    case .unreachable, .locked: .unreachable
    default: .problem
    }
  }
}

extension BrokerError {
  var exitStatus: ExitStatus {
    switch self {
    case .unreachable, .refusedLogin, .noVirtualHost, .timedOut, .untrusted, .noNode: .unreachable
    case .badURL: .usage
    case .noQueue, .refused, .notPermitted: .problem
    }
  }
}
