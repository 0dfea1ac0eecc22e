import Endpoints
import Testing

@Suite struct ServerURLTests {
  @Test func `User and password are decoded and brackets left out`() throws {
    let url = try #require(ServerURL("SMTPS://a%40b:p%3Aw:x@[::1]:465/path?query#end"))
    #expect((url.scheme, url.user, url.password) == ("smtps", "a@b", "p:w:x"))
    #expect((url.host, url.port, url.isLoopback) == ("::1", 465, true))
    let bare = try #require(ServerURL("smtp://mail.example"))
    #expect((bare.host, bare.port, bare.user, bare.password) == ("mail.example", nil, nil, nil))
    #expect(try #require(ServerURL("http://u@h")).user == "u")
    #expect(try #require(ServerURL("http://u:p@w@h")).password == "p@w")
    #expect(try #require(ServerURL("http://h?a=b@c")).host == "h")
    #expect(try #require(ServerURL("http://h#a@b")).host == "h")
  }

  @Test(arguments: [
    "", "h", "h:80", "http:/h", "http://", "http://:80", "http://[]", "http://u@", "http://h:",
    "http://h:0", "http://h:65536", "http://h:x", "http://::1", "http://[::1]x", "http://[::1",
    "http://h]", "http://u:%zz@h", "http://u:%0a@h", "http://%7f@h", "http://h h", "http://hö",
  ])
  func `What is no address is refused`(_ text: String) {
    #expect(ServerURL(text) == nil)
  }

  @Test func `Parts are as they are written`() throws {
    let parts = try #require(URLParts("amqp://u:%2F@h:5672/a%2Fb/c?x=/y&z"))
    #expect((parts.login, parts.host, parts.port) == ("u:%2F", "h", "5672"))
    #expect((parts.path, parts.query) == ("a%2Fb/c", "x=/y&z"))
    #expect(try #require(URLParts("amqp://h:99999")).portNumber == nil)
    #expect(URLParts.percentDecoded("a%2f%00") == Array("a/\0".utf8))
    #expect(URLParts.percentDecoded("a%2") == nil)
  }
}
