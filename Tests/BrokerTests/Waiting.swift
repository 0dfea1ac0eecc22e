import Foundation
import Testing

extension BrokerSuite.Recovery {
  /// Waits for something that must come; the test's own deadline is generous.
  func eventually(_ what: () async throws -> Bool) async throws {
    for _ in 0..<200 {
      if try await what() { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("it did not come within 10 seconds")
  }
}
