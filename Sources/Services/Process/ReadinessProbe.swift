import AsyncHTTPClient
import NIOCore

/// `--health`: asks the service running on this machine, under the same settings, whether it is
/// ready. For health checks in containers, which have neither a shell nor curl.
struct ReadinessProbe {
  let address: ListenAddress?
  var timeout = TimeAmount.seconds(3)

  /// Ready, or a sentence about what is not.
  enum Answer: Equatable {
    case ready
    case notReady(String)
    /// No address to ask was configured.
    case noAddress
  }

  func ask() async -> Answer {
    guard let address else { return .noAddress }
    let url = "http://\(Self.reachable(address))/readyz"
    do {
      let response = try await HTTPClient.shared.execute(
        HTTPClientRequest(url: url), timeout: timeout)
      if response.status == .ok { return .ready }
      let body = try await response.body.collect(upTo: 64 * 1024)
      return .notReady("\(url): \(response.status.code) \(Self.oneLine(String(buffer: body)))")
    } catch {
      return .notReady("\(url): expected an answer, found \(error)")
    }
  }

  /// A service that listens on every interface is asked on the loopback.
  static func reachable(_ address: ListenAddress) -> String {
    switch address.host {
    case "0.0.0.0": "127.0.0.1:\(address.port)"
    case "::": "[::1]:\(address.port)"
    default: address.description
    }
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
