import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;
/** Serves a Solr home on 127.0.0.1 until it is stopped. Arguments: home, port. */
public class Solr {
    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        new JettySolrRunner(arguments[0], JettyConfig.builder().setPort(port).build()).start();
        Thread.currentThread().join();
    }
}
