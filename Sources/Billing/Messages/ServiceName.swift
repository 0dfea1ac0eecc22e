/// The parts of the system that act, by the name of their queue; operators act as `closectl`.
public enum ServiceName: String, Sendable, CaseIterable, Codable {
  case invoicer, charger, mailer, holder, reporter, closectl

  /// Those with a queue, in the order of a close.
  public static let services: [ServiceName] = [.invoicer, .charger, .mailer, .holder, .reporter]
}
