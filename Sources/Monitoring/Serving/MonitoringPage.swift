/// What one path answers with.
public struct MonitoringPage: Sendable {
  public var status: Int
  public var contentType: String
  public var body: [UInt8]

  public init(status: Int, contentType: String, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  public static func json(_ status: Int, _ body: [UInt8]) -> MonitoringPage {
    MonitoringPage(status: status, contentType: "application/json", body: body)
  }

  public static func metrics(_ text: String) -> MonitoringPage {
    MonitoringPage(status: 200, contentType: PrometheusText.contentType, body: Array(text.utf8))
  }

  static func text(_ status: Int, _ line: String) -> MonitoringPage {
    MonitoringPage(
      status: status, contentType: "text/plain; charset=utf-8", body: Array("\(line)\n".utf8))
  }
}
