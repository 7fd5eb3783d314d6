import org.apache.solr.embedded.JettyConfig;
import org.apache.solr.embedded.JettySolrRunner;

/** Serves a Solr home on 127.0.0.1 until it is stopped. Arguments: home, port. */
public class Solr {
    public static void main(String[] arguments) throws Exception {
        JettyConfig config = JettyConfig.builder()
            .setPort(Integer.parseInt(arguments[1])).build();
        new JettySolrRunner(arguments[0], config).start();
        Thread.currentThread().join();
    }
}
