import ArgumentParser
import Broker
import Ledger
import Operations
import Payments
import Services

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
