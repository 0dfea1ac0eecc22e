import Billing
import Broker
import Endpoints
import Ledger

/// Connections that may go to another machine without TLS if named explicitly.
public enum PlaintextConnection: String, Sendable, CaseIterable {
  case broker, gateway, mail
}

extension Settings {
  /// The broker's nodes with the files for TLS, in the order in which they are tried.
  public func brokerNodes() throws(BrokerError) -> [BrokerURL] {
    try BrokerURL.nodes(
      parsing: brokerURL,
      files: BrokerURL.TLS(
        caFile: brokerCAFile, certificateFile: brokerCertificateFile, keyFile: brokerKeyFile))
  }

  /// To other machines everything is encrypted unless explicitly allowed otherwise: the data
  /// contains passwords, customers' names and amounts. Mail has no rule here: without `mail` it
  /// insists on STARTTLS.
  func plaintextProblems(of service: ServiceName?) -> [String] {
    let urls = BrokerURL.parts(of: brokerURL)
    let dead = deadBrokerURL.isEmpty ? [] : BrokerURL.parts(of: deadBrokerURL)
    let plain: [(key: String, urls: [String], instead: String, connection: PlaintextConnection)] = [
      ("BROKER_URL", urls, "amqps", .broker), ("DEAD_BROKER_URL", dead, "amqps", .broker),
      ("GATEWAY_URL", [gatewayURL], "https", .gateway),
    ]
    return plain.flatMap { rule -> [String] in
      let isUsed = SettingKey.all.contains { key in
        key.name == rule.key && service.map { key.users.contains($0) } ?? true
      }
      if !isUsed || allowPlaintext.contains(rule.connection) { return [] }
      return rule.urls.compactMap { text in
        guard let url = ServerURL(text), url.scheme != rule.instead, !url.isLoopback else {
          return nil
        }
        return "\(SettingKey.prefix)\(rule.key): expected \(rule.instead)://, because "
          + "\(Redaction.printable(url.host)) is another machine, found \(url.scheme)://; on a "
          + "private network: "
          + "\(SettingKey.prefix)ALLOW_PLAINTEXT=\(rule.connection.rawValue)"
      }
    }
  }
}
